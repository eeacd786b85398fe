"""docs/recipes/migrate.md shows what is printed."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main
from protonet.export.caffe import LEFT_OUT
from protonet.export.weights import FORMATS
from protonet.source import Source
from protonet.spec.rewrite import modernized

TEXT = (Path(__file__).parents[2] / "docs" / "recipes" / "migrate.md").read_text(encoding="utf-8")
FILES: dict[str, str] = dict(
    re.findall(r"^```prototxt (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)
SESSIONS: list[tuple[str, str]] = re.findall(
    r"^```console\n(.*?)^```\n((?:```text\n.*?^```\n)+)", TEXT, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("commands", "printed"), SESSIONS)
def test_commands_print_what_is_shown(
    commands: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    told: list[str] = []
    for line in commands.splitlines():
        done = CliRunner().invoke(main, shlex.split(line)[1:], prog_name="protonet")
        told.append(f"```text\n{(done.stdout + done.stderr).strip()}\n```\n")

    assert "".join(told) == printed


def test_the_lists_are_complete() -> None:
    assert all(f"`{name}`" in TEXT for name in (*LEFT_OUT, *FORMATS))


@pytest.mark.parametrize("old", re.findall(r"^\| `(\w+: \w+)`", TEXT, re.MULTILINE))
def test_the_table_of_spellings_is_right(old: str) -> None:
    name = old.partition(":")[0]
    message = {"hole": "convolution_param", "ceil_mode": "pooling_param"}.get(name, "dropout_param")

    text, changes = modernized(Source(f"layer {{ {message} {{ {old} }} }}"))

    assert changes
    assert name not in text
