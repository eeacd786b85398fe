"""Layers of a user's own."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import protonet
from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.layers.plugins import load, load_installed
from protonet.message.reader import reader

LAYER = '''\
"""Layers of mine."""

from typing import Annotated

import protonet
from protonet.layers.base import Layer
from protonet.message.base import Float, Message, Tag


class WobbleParameter(Message):
    """Parameters of Wobble."""

    amplitude: Annotated[Float, Tag(1)] = 1.0


@protonet.layer
class Wobble(Layer):
    """A layer of mine."""

    wobble_param: Annotated[WobbleParameter, Tag(60000)] = WobbleParameter()

    def infer(self, *bottoms):
        return bottoms
'''
NET = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "w" type: "Wobble" bottom: "x" top: "w" %s }
"""


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test register layers without leaving them behind."""
    monkeypatch.setattr(LAYERS, "_types", dict(LAYERS))
    monkeypatch.setattr(LAYERS, "_messages", dict(LAYERS.messages))
    modules = set(sys.modules)
    load_installed.cache_clear()
    yield
    for name in set(sys.modules) - modules:
        if name.startswith(("plugin ", "wobbly")):
            del sys.modules[name]
    load_installed.cache_clear()
    reader.cache_clear()


def written(folder: Path, text: str, name: str = "my_layers.py") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def problem(name: str) -> tuple[str, str, str, list[str]]:
    with pytest.raises(DiagnosticError) as caught:
        load(name)
    (found,) = caught.value.diagnostics
    places = [str(label.span).rpartition("/")[2] for label in found.labels]
    return found.code, found.message.replace(name, "my_layers.py"), found.help, places


def test_a_file_registers_its_layers(tmp_path: Path) -> None:
    assert load(written(tmp_path, LAYER)) == ("Wobble",)
    assert protonet.infer_shapes(NET % "wobble_param { amplitude: 2 }").blobs["w"] == (2, 3)


def test_a_file_is_run_once(tmp_path: Path) -> None:
    path = written(tmp_path, LAYER)
    load(path)
    first = LAYERS["Wobble"]

    assert load(path) == ("Wobble",)
    assert LAYERS["Wobble"] is first


def test_files_of_one_name_are_two_modules(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    load(written(tmp_path, LAYER))

    assert load(
        written(tmp_path / "other", LAYER.replace("Wobble", "Wave").replace("wob", "wav"))
    ) == ("Wave",)


def test_a_module_registers_its_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, LAYER, "wobbly.py")
    monkeypatch.syspath_prepend(tmp_path)

    assert load("wobbly") == ("Wobble",)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, message, *_ = problem(str(tmp_path / "none.py"))

    assert (code, message) == ("PN021", "cannot read `my_layers.py`: no such file or directory")


def test_a_module_that_is_not_there() -> None:
    assert problem("no_such_module") == (
        "PN223",
        (
            "plugin `my_layers.py` cannot be loaded: "
            "ModuleNotFoundError: No module named 'my_layers.py'"
        ),
        "a file ends in `.py`; a module is searched for on PYTHONPATH",
        [],
    )


def test_a_file_that_imports_what_is_not_there_is_shown_where(tmp_path: Path) -> None:
    assert problem(written(tmp_path, "import sys\n\nimport no_such_module\n")) == (
        "PN223",
        (
            "plugin `my_layers.py` cannot be loaded: "
            "ModuleNotFoundError: No module named 'no_such_module'"
        ),
        "a file ends in `.py`; a module is searched for on PYTHONPATH",
        ["my_layers.py:3:1"],
    )


def test_a_file_that_is_no_python_is_shown_where(tmp_path: Path) -> None:
    code, message, _, places = problem(written(tmp_path, "if True:\n    x = = 1\n"))

    assert (code, places) == ("PN223", ["my_layers.py:2:5"])
    assert "cannot be loaded: SyntaxError: " in message


def test_bad_python_in_a_module_that_a_file_imports_has_no_place_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "x = = 1", "wobbly_part.py")
    monkeypatch.syspath_prepend(tmp_path)

    assert problem(written(tmp_path, "import wobbly_part"))[3] == []


def test_a_type_that_there_is_already_is_refused(tmp_path: Path) -> None:
    text = LAYER.replace("class Wobble(", "class ReLU(")

    assert problem(written(tmp_path, text)) == (
        "PN223",
        "plugin `my_layers.py` cannot be loaded: ValueError: layer type `ReLU` is registered twice",
        "",
        ["my_layers.py:16:1"],
    )


def test_an_error_of_another_kind_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        load(written(tmp_path, "1 / 0"))


def test_a_file_without_layers_is_refused(tmp_path: Path) -> None:
    assert problem(written(tmp_path, "x = 1")) == (
        "PN224",
        "plugin `my_layers.py` registers no layer",
        "write `@protonet.layer` above each class that is one",
        [],
    )


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a package look installed whose entry point has layers."""
    written(tmp_path, LAYER, "wobbly.py")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("mine", "wobbly", "protonet.layers")

    def entry_points(group: str) -> EntryPoints:
        assert group == "protonet.layers"
        return EntryPoints((point,))

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("params", ["", "wobble_param { amplitude: 2 }"])
def test_a_net_with_something_unknown_asks_installed_packages(params: str) -> None:
    assert "Wobble" not in LAYERS

    assert protonet.infer_shapes(NET % params).blobs["w"] == (2, 3)


@pytest.mark.usefixtures("installed")
def test_a_net_without_anything_unknown_does_not() -> None:
    protonet.parse_net((NET % "").replace("Wobble", "ReLU"))

    assert "Wobble" not in LAYERS


@pytest.mark.usefixtures("installed")
def test_an_installed_package_that_is_broken_is_named(tmp_path: Path) -> None:
    written(tmp_path, "import no_such_module", "wobbly.py")

    with pytest.raises(DiagnosticError) as caught:
        protonet.parse_net(NET % "")

    assert caught.value.diagnostics[0].message == (
        "plugin `mine = wobbly` cannot be loaded: "
        "ModuleNotFoundError: No module named 'no_such_module'"
    )


def test_what_no_package_knows_stays_unknown() -> None:
    with pytest.raises(DiagnosticError) as caught:
        protonet.parse_net(NET % "no_such_param { }")

    assert [d.code for d in caught.value.diagnostics] == ["PN229"]
