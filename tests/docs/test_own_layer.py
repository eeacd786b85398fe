"""docs/recipes/own_layer.md does what it says."""

import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main
from protonet.layers import LAYERS
from protonet.message.reader import reader

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "recipes" / "own_layer.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = "".join(re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run in a folder with the files of the recipe; its layers are gone afterwards."""
    for name, text in FILES:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(LAYERS, "_types", dict(LAYERS))
    monkeypatch.setattr(LAYERS, "_messages", dict(LAYERS.messages))
    yield tmp_path
    sys.modules.pop("my_layers", None)
    reader.cache_clear()


def test_the_recipe_has_these_files() -> None:
    assert [name for name, _ in FILES] == [
        "my_layers.py",
        "net.prototxt",
        "run.py",
        "test_my_layers.py",
    ]


def test_the_net_runs() -> None:
    runpy.run_path("run.py")


def test_its_tests_pass() -> None:
    found = runpy.run_path("test_my_layers.py")
    tests = [name for name in found if name.startswith("test_")]

    assert tests == ["test_laws", "test_p_1_is_the_mean"]
    for name in tests:
        found[name]()


def test_its_commands_run() -> None:
    lines = [line.removeprefix("protonet ").split() for line in COMMANDS.splitlines()]

    done = [CliRunner().invoke(main, words) for words in lines]

    assert [one.exit_code for one in done] == [0, 0, 0]
    assert done[0].stdout == "net.prototxt: ok\n"
    assert "GeM" in done[1].stdout
    assert done[2].stdout.startswith('type: "GeM"\nbottoms: 1, tops: 1\n')
