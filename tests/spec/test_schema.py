"""schema/ is what the classes say; ``python -m protonet.spec.schema schema`` writes it anew."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from protonet.spec import forks, schema

ROOT = Path(__file__).parents[2]
NAMES = (
    "protonet.proto",
    "net.schema.json",
    "solver.schema.json",
    "layers.md",
    *(f"dialects/{fork}.proto" for fork in forks.NAMES),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh interpreter writes: other tests may have registered layers in this one."""
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run(
        [sys.executable, "-m", "protonet.spec.schema", str(folder)], cwd=ROOT, check=True
    )
    return folder


def names_below(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def test_these_files_are_written(written: Path) -> None:
    assert names_below(written) == set(NAMES)
    assert names_below(ROOT / "schema" / "dialects") == {
        name.removeprefix("dialects/") for name in NAMES if name.startswith("dialects/")
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_up_to_date(name: str, written: Path) -> None:
    assert (ROOT / "schema" / name).read_bytes() == (written / name).read_bytes()


def test_the_module_writes_what_files_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["schema", str(tmp_path)])
    monkeypatch.delitem(sys.modules, schema.__name__)

    runpy.run_module(schema.__name__, run_name="__main__")

    found = {name: (tmp_path / name).read_text("utf-8") for name in names_below(tmp_path)}
    assert found == schema.files()


def test_json_schemas_are_json() -> None:
    for name in ("net.schema.json", "solver.schema.json"):
        assert json.loads((ROOT / "schema" / name).read_text())["$ref"].endswith("Parameter")


def test_every_layer_type_says_what_it_is_and_where_it_comes_from() -> None:
    rows = (ROOT / "schema" / "layers.md").read_text().splitlines()[4:]

    assert [row for row in rows if not row.split(" | ")[4].strip()] == []


_MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+) (\w+) (\w+) = (\d+)(?: \[default = (.*)\])?;", re.MULTILINE)


@pytest.mark.parametrize("fork", forks.NAMES)
def test_a_dialect_is_a_file_that_protobuf_takes(fork: str) -> None:
    text = (ROOT / "schema" / "dialects" / f"{fork}.proto").read_text("utf-8")
    file = FileDescriptorProto(name=f"{fork}.proto", package="caffe", syntax="proto2")
    kinds = {name.removeprefix("TYPE_").lower(): n for name, n in FieldDescriptorProto.Type.items()}
    for name, body in _MESSAGE.findall(text):
        message = file.message_type.add(name=name)
        for label, kind, field, number, default in _FIELD.findall(body):
            message.field.add(
                name=field,
                number=int(number),
                label=FieldDescriptorProto.Label.Value(f"LABEL_{label.upper()}"),
                type=kinds.get(kind, kinds["message"]),
                type_name=None if kind in kinds else f".caffe.{kind}",
                default_value=default.strip('"') or None,
            )

    pool = DescriptorPool()
    pool.Add(file)

    layer = pool.FindMessageTypeByName("caffe.LayerParameter")
    table = {
        (one.field, one.number)
        for one in forks.fields()
        if (one.fork, one.message) == (fork, "LayerParameter")
    }
    assert table <= {(field.name, field.number) for field in layer.fields}
