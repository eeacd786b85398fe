"""docs/recipes/data_tools.md does what it says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

TEXT = (Path(__file__).parents[2] / "docs/recipes/data_tools.md").read_text(encoding="utf-8")
FIGURE = re.compile(r"\d+\.\d+")  # the last places depend on the machine
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_its_commands_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    for kind, block in BLOCKS:
        match kind:
            case "console":
                printed = "".join(map(run, block.splitlines()))
            case "text":
                lines = [FIGURE.sub("#", line) for line in block.splitlines()]
                assert [line for line in lines if line not in FIGURE.sub("#", printed)] == []
            case _:
                exec(compile(block, "data_tools.md", "exec"), {})

    assert [kind for kind, _ in BLOCKS].count("text") == 6
    assert (tmp_path / "sheet.png").stat().st_size > 10_000


def run(line: str) -> str:
    """Return what a command prints, on both streams."""
    done = CliRunner().invoke(main, line.split()[1:], prog_name="protonet", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
