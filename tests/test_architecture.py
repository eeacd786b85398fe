"""What holds of the package as a whole."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import protonet
from protonet.layers import LAYERS
from protonet.spec.explain import sections

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "protonet"
CODE = re.compile(r"PN\d{3}")
SLOW_TO_IMPORT = ("cv2", "h5py", "lmdb", "numpy", "rich", "safetensors", "torch")


def codes_in_code() -> dict[str, set[str]]:
    """Every code that is written as a string of its own, with the modules that do."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for code in _codes(ast.parse(path.read_text(encoding="utf-8"))):
            found[code].add(path.relative_to(PACKAGE).as_posix())
    return found


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and CODE.fullmatch(value):
            yield value


def imported_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has imported after some code."""
    script = f"{code}\nimport sys; print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def run_command(*args: str) -> str:
    return f"from protonet.cli import main; main({list(args)!r}, standalone_mode=False)"


@pytest.mark.parametrize("layer", sorted({LAYERS[name].__module__ for name in LAYERS}))
def test_every_layer_has_a_test_file(layer: str) -> None:
    assert (ROOT / "tests" / "layers" / f"test_{layer.rpartition('.')[2]}.py").is_file()


def test_every_code_in_use_is_explained() -> None:
    used, explained = codes_in_code().keys(), sections().keys()

    assert (sorted(used - explained), sorted(explained - used)) == ([], [])


def test_every_code_in_use_has_a_golden() -> None:
    goldens = {path.name[:5] for path in (ROOT / "tests" / "diagnostics").glob("PN*.txt")}

    assert sorted(set(codes_in_code()) - goldens) == []


def test_a_code_is_written_in_one_module_only() -> None:
    """One place is one meaning."""
    assert {code: places for code, places in codes_in_code().items() if len(places) > 1} == {}


def test_public_names_are_sorted_and_complete() -> None:
    assert protonet.__all__ == sorted(protonet.__all__)
    for name in protonet.__all__:
        assert getattr(protonet, name) is not None


def test_layer_tags_are_unique() -> None:
    """A number is one field of LayerParameter; layers may share the field, as they do in Caffe."""
    fields: defaultdict[int, set[str]] = defaultdict(set)
    for layer in LAYERS.values():
        for slot in layer.slots().values():
            fields[slot.number].add(slot.name)

    assert {number: names for number, names in fields.items() if len(names) > 1} == {}


def test_checking_a_net_imports_only_its_layers() -> None:
    modules = imported_by(run_command("check", "zoo/lenet/train_val.prototxt"))

    assert "protonet.layers.pooling" in modules
    assert "protonet.layers.lrn" not in modules


def test_help_imports_nothing_slow() -> None:
    modules = imported_by(run_command("--help"))

    assert modules.isdisjoint({*SLOW_TO_IMPORT, "pydantic", "lark"})


def test_import_protonet_imports_nothing_slow() -> None:
    assert imported_by("import protonet").isdisjoint({*SLOW_TO_IMPORT, "pydantic", "lark"})


@pytest.mark.parametrize(
    "args",
    [
        ("check", "zoo/lenet/train_val.prototxt", "solvers/lenet_digits.prototxt"),
        ("show", "zoo/lenet/train_val.prototxt"),
        ("fmt", "zoo/lenet/train_val.prototxt"),
        ("explain", "PN101"),
        ("explain", "Convolution"),
    ],
    ids=" ".join,
)
def test_commands_on_text_import_no_torch(args: tuple[str, ...]) -> None:
    assert imported_by(run_command(*args)).isdisjoint(SLOW_TO_IMPORT)
