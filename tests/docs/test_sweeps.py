"""The sweeps of docs/recipes/sweeps.md run, with two iterations a trial."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

FILE = Path(__file__).parents[2] / "docs" / "recipes" / "sweeps.md"
TEXT = FILE.read_text(encoding="utf-8").replace("\\\n", "")
COMMANDS: list[str] = re.findall(r"^    protonet (sweep .*)$", TEXT, re.MULTILINE)


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        short = re.sub(r"(max_iter|test_interval)=\d+", r"\1=2", command)
        done = CliRunner().invoke(main, shlex.split(short), catch_exceptions=False)
        assert done.exit_code == 0, done.stderr

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "folds",
        "lenet_digits_sweep",
        "sweep.png",
        "tpe",
    ]
    fold = re.findall(r"^folds/\S+", TEXT, re.MULTILINE)[0]
    assert (tmp_path / fold).exists()
