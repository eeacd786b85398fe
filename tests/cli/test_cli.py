"""The group of commands."""

import runpy
import sys
from importlib import import_module

import click
import pytest

from protonet import __version__
from protonet.cli import COMMANDS, main
from tests.cli.files import protonet


def command(name: str) -> click.Command:
    found: click.Command = import_module(f"protonet.cli.{name}").command
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says_of_itself(name: str) -> None:
    assert (command(name).help or "").partition("\n\n")[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(name: str) -> None:
    assert protonet(name, "--help").exit_code == 0


def test_help_lists_the_commands_in_order_of_use() -> None:
    done = protonet("--help")

    lines = done.stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)


def test_an_unknown_command_is_a_usage_error_that_knows_a_similar_name() -> None:
    done = protonet("trian")

    assert (done.exit_code, "train" in done.stderr) == (2, True)


def test_version() -> None:
    assert protonet("--version").stdout == f"protonet {__version__}\n"


def test_a_diagnostic_ends_a_command_with_1_and_no_traceback() -> None:
    done = protonet("fmt", "none.prototxt")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error[PN021]: cannot read `none.prototxt`")


def test_the_package_can_be_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["protonet", "--version"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("protonet", run_name="__main__")

    assert (ended.value.code, capsys.readouterr().out) == (0, f"protonet {__version__}\n")


def test_main_is_the_group() -> None:
    assert isinstance(main, click.Group)
