"""docs/recipes/leave_for_torch.md does what it says."""

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "recipes" / "leave_for_torch.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```([\w .]+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
)


def test_its_commands_print_what_it_shows_and_its_code_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    printed = ""
    for kind, block in BLOCKS:
        match kind:
            case "console":
                printed = "".join(map(run, block.splitlines()))
            case "text":
                assert [line for line in block.splitlines() if line not in printed] == []
            case "python digits.py":
                assert block in (tmp_path / "digits.py").read_text(encoding="utf-8")
            case _:
                exec(compile(block, "leave_for_torch.md", "exec"), {})
    sys.modules.pop("digits", None)

    kinds = [kind for kind, _ in BLOCKS]
    assert (kinds.count("console"), kinds.count("text"), len(kinds)) == (5, 3, 10)


def run(line: str) -> str:
    """Return what a command prints, on both streams."""
    words = line.split()[1:]
    done = CliRunner().invoke(main, words, prog_name="protonet", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
