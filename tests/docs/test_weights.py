"""docs/recipes/weights.md does what it says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "recipes" / "weights.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_its_commands_print_what_it_shows_and_its_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    for kind, block in BLOCKS:
        match kind:
            case "console":
                printed = "".join(map(run, block.splitlines()))
            case "text":
                assert [line for line in block.splitlines() if line not in printed] == []
            case _:
                exec(compile(block, "weights.md", "exec"), {})

    assert [kind for kind, _ in BLOCKS].count("text") == 4
    assert sorted(path.name for path in tmp_path.glob("lenet.*")) == [
        "lenet.caffemodel",
        "lenet.caffemodel.h5",
        "lenet.npz",
        "lenet.pth",
        "lenet.safetensors",
    ]
    states = {path.name for path in tmp_path.glob("run_iter_*.solverstate")}
    assert states == {f"run_iter_{it}.solverstate" for it in (4, 6, 8)}


def run(line: str) -> str:
    """Return what a command prints, on both streams."""
    done = CliRunner().invoke(main, line.split()[1:], prog_name="protonet", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
