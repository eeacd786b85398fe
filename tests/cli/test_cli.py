"""The group of commands."""

import errno
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from subprocess import PIPE
from typing import IO

import click
import pytest

from protonet import __version__
from protonet.cli import COMMANDS, main
from tests.cli.files import ENVIRONMENT, protonet

LINE = 66
"""Characters that a terminal of 80 has for a command's help, beside its name."""


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


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_stands_on_one_line(name: str) -> None:
    assert len(COMMANDS[name]) <= LINE


def test_the_changelog_names_all_commands() -> None:
    text = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    line = text.partition("- Commands: ")[2].partition("\n- ")[0]
    assert re.findall(r"`(\w+)`", line) == list(COMMANDS)


def test_a_name_that_is_no_utf_8_is_printed_as_it_is(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/n\xff.prototxt"
    Path(os.fsdecode(name)).write_text("", encoding="utf-8")

    done = run([b"check", name], {"PYTHONUTF8": "1"})

    assert (done.returncode, done.stdout, done.stderr) == (0, name + b": ok\n", b"")


def test_what_a_terminal_cannot_show_is_no_traceback() -> None:
    Path("nλ.prototxt").touch()

    done = run(["check", "nλ.prototxt"], {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "1"})

    assert (done.returncode, done.stdout, done.stderr) == (0, b"n?.prototxt: ok\n", b"")


def test_output_that_nobody_reads_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)

    done = run(["explain", "Convolution"], {}, stdout=write)
    os.close(write)

    assert (done.returncode, done.stderr) == (1, b"")


def test_a_full_disk_behind_the_output_is_told_without_a_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(["explain", "Convolution"], {}, stdout=full)

    assert (done.returncode, done.stderr) == (1, b"Error: no space left on device\n")


def test_what_the_system_refuses_is_told_with_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command()
    def refused() -> None:
        raise OSError(errno.EIO, "Input/output error", "weights.pth")

    monkeypatch.setattr("protonet.cli.fmt.command", refused)
    done = protonet("fmt")

    assert (done.exit_code, done.stderr) == (1, "Error: weights.pth: input/output error\n")


def test_an_error_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise OSError

    monkeypatch.setattr("protonet.cli.fmt.command", broken)
    with pytest.raises(OSError, match=r"^$"):
        protonet("fmt")


def run(
    args: Sequence[str | bytes], environment: Mapping[str, str], stdout: int | IO[bytes] = PIPE
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "protonet", *args],
        env={**ENVIRONMENT, **environment},
        stdout=stdout,
        stderr=PIPE,
        check=False,
    )
