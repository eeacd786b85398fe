"""docs/recipes/watching.md does what it says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "recipes" / "watching.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(\w*)[^\n]*\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL
)


def blocks(kind: str) -> list[str]:
    return [text for of, text in BLOCKS if of == kind]


@pytest.mark.slow
def test_its_commands_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = ""

    for line in "".join(blocks("console")).splitlines():
        words = line.removeprefix("protonet ").split()
        done = CliRunner().invoke(main, words, prog_name="protonet")
        assert done.exit_code == 0, line
        said += done.stdout

    assert "good.jsonl: nothing looks wrong\n" in said
    for shown in blocks(""):
        codes = re.findall(r"PN\d{3}", shown)
        assert (codes and codes[0] in said) or shown.split(" ")[0] in said
    assert Path("curves.png").exists()
    assert list(Path("board").iterdir())


@pytest.mark.slow
def test_its_program_stops_when_it_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    exec(blocks("python")[0], {})

    last = capsys.readouterr().out.splitlines()[-1]
    assert float(last.rpartition(" ")[2]) > 0.9
