"""docs/recipes/fine_tuning.md does what it says, with a few images and iterations."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

FILE = Path(__file__).parents[2] / "docs" / "recipes" / "fine_tuning.md"
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(\w+)\n(.*?)^```$", FILE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
SHORT = ("--set", "max_iter=2", "--set", "test_iter=1", "--set", "test_interval=2")


def test_its_commands_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    for kind, block in BLOCKS:
        match kind:
            case "console":
                printed = "".join(map(run, block.splitlines()))
            case "sh":
                subprocess.run(["bash", "-c", block], check=True)
            case _:
                assert [line for line in block.splitlines() if line not in printed] == []

    assert [kind for kind, _ in BLOCKS].count("text") == 1
    assert {path.name for path in tmp_path.glob("*_train_val.prototxt")} == {
        "textures_last_layer_train_val.prototxt",
    }
    assert {path.name for path in tmp_path.glob("*.caffemodel")} == {
        f"textures_{stage}_iter_2.caffemodel" for stage in ("base", "last_layer", "all", "direct")
    }


def run(line: str) -> str:
    """Return what a command prints, made to take no time."""
    few = line.replace("--per-class 100", "--per-class 5")
    words = re.sub(r"_iter_\d+", "_iter_2", few)
    short = SHORT if " --solver " in line else ()
    done = CliRunner().invoke(main, [*shlex.split(words)[1:], *short], prog_name="protonet")
    assert done.exit_code == 0, done.output
    return done.output
