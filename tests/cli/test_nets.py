"""Options that decide which layers there are and what they mean."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from protonet.cli import main
from protonet.ops.python_layer import PERMISSION
from protonet.spec.dialect import PREFERENCE

BN = """layer { name: "in" type: "Input" top: "x"
  input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer { name: "bn" type: "BN" bottom: "x" top: "y" }
"""
PYTHON = """layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
layer { name: "twice" type: "Python" bottom: "x" top: "y"
  python_param { module: "twice_layer" layer: "Twice" } }
"""
CODE = """
import caffe


class Twice(caffe.Layer):
    def setup(self, bottom, top):
        pass

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = 2 * bottom[0].data
"""


@pytest.fixture(autouse=True)
def undone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(PREFERENCE, "dialect", None)
    monkeypatch.setattr(PERMISSION, "granted", False)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_dialect_decides_what_a_layer_keeps() -> None:
    Path("net.prototxt").write_text(BN)

    assert "1x3 1x3 1x3 1x3" in run("show", "net.prototxt")[1]
    assert "1x3x1x1 1x3x1x1 " in run("show", "net.prototxt", "--dialect", "segnet")[1]


def test_unknown_dialect_is_told() -> None:
    Path("net.prototxt").write_text(BN)

    code, output = run("check", "net.prototxt", "--dialect", "segnett")

    assert code == 1
    assert "unknown dialect `segnett`" in output


def test_python_layers_run_only_when_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.prototxt").write_text(PYTHON)
    Path("twice_layer.py").write_text(CODE)
    monkeypatch.syspath_prepend(".")

    refused, why = run("show", "net.prototxt")
    allowed, table = run("show", "net.prototxt", "--allow-python-layers")

    assert (refused, allowed) == (1, 0)
    assert "--allow-python-layers" in why
    assert "twice  Python  x       y    2" in table
