"""schema/ is what the classes say; ``python -m protonet.spec.schema schema`` writes it anew."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from protonet.spec import schema

ROOT = Path(__file__).parents[2]
NAMES = ("protonet.proto", "net.schema.json", "solver.schema.json", "layers.md")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh interpreter writes: other tests may have registered layers in this one."""
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run(
        [sys.executable, "-m", "protonet.spec.schema", str(folder)], cwd=ROOT, check=True
    )
    return folder


def test_these_files_are_written(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_up_to_date(name: str, written: Path) -> None:
    assert (ROOT / "schema" / name).read_bytes() == (written / name).read_bytes()


def test_the_module_writes_what_files_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["schema", str(tmp_path)])
    monkeypatch.delitem(sys.modules, schema.__name__)

    runpy.run_module(schema.__name__, run_name="__main__")

    found = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert found == schema.files()


def test_json_schemas_are_json() -> None:
    for name in ("net.schema.json", "solver.schema.json"):
        assert json.loads((ROOT / "schema" / name).read_text())["$ref"].endswith("Parameter")


def test_every_layer_type_says_what_it_is_and_where_it_comes_from() -> None:
    rows = (ROOT / "schema" / "layers.md").read_text().splitlines()[4:]

    assert [row for row in rows if not row.split(" | ")[4].strip()] == []
