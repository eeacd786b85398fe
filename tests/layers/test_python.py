"""Python: a user's own layer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import protonet
from protonet.layers.base import LayerError
from protonet.ops.python_call import PythonLayer
from protonet.ops.python_layer import PERMISSION, Blob, BlobList, Layer
from protonet.shape import Shape
from protonet.spec.read import read_net
from tests.layers.case import LayerCase

USER_CODE = '''
import caffe

class Affine(caffe.Layer):
    """y = scale * x + b, scale from the text, b learned."""

    def setup(self, bottom, top):
        self.scale = float(self.param_str)
        self.blobs.add_blob(*bottom[0].shape[1:])
        self.blobs[0].data[...] = 0.5

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.scale * bottom[0].data + self.blobs[0].data

    def backward(self, top, propagate_down, bottom):
        assert propagate_down == (True,)
        bottom[0].diff[...] = self.scale * top[0].diff
        self.blobs[0].diff[...] += top[0].diff.sum(0)

class Phases(caffe.Layer):
    """Two tops: the phase, and how many bottoms want a diff."""

    def reshape(self, bottom, top):
        for blob in top:
            blob.reshape(1)

    def forward(self, bottom, top):
        top[0].data[0] = self.phase == caffe.TRAIN
        top[1].data[0] = len(bottom)

class Fills(caffe.Layer):
    """y = a x, and tells of all calls."""

    calls = []

    def setup(self, bottom, top):
        self.calls.append(f"setup {self.phase} {self.param_str_}")
        self.blobs.add_blob(2)
        self.blobs[0].data[...] = 3, 4

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        self.calls.append(f"forward {self.phase}")
        top[0].data[...] = self.blobs[0].data * bottom[0].data

class Source(caffe.Layer):
    def reshape(self, bottom, top):
        top[0].reshape(2)

    def forward(self, bottom, top):
        top[0].data[...] = 7

class Raises(caffe.Layer):
    def setup(self, bottom, top):
        if len(bottom) != 1:
            raise Exception("one bottom, please")

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data[{}]
'''


@pytest.fixture(autouse=True)
def _user_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "user_code.py").write_text(USER_CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(PERMISSION, "granted", True)
    yield
    for module in ("user_code", "caffe"):
        sys.modules.pop(module, None)


def case(layer: str, *bottoms: Shape, tops: int = 1, module: str = "user_code") -> LayerCase:
    params = f'python_param {{ module: "{module}" layer: "{layer}" param_str: "3" }}'
    return LayerCase("Python", params, bottoms=bottoms, tops=tops)


def test_laws() -> None:
    case("Affine", (2, 3)).check_laws()


NET = """
layer {{ name: "in" type: "Input" top: "x" input_param {{ shape {{ dim: 1 dim: 2 }} }} }}
layer {{ name: "mine" type: "Python" bottom: "x" top: "y" {rest}
  python_param {{ module: "user_code" layer: "{layer}" param_str: "3" }} }}
"""


def test_its_blobs_are_learned_and_begin_as_setup_fills_them() -> None:
    net = protonet.Net(NET.format(layer="Fills", rest=""), phase="TRAIN")

    (blob,) = net.params["mine"]

    assert isinstance(blob, nn.Parameter)
    assert blob.tolist() == [3, 4]
    assert net({"x": torch.ones(1, 2)})["y"].tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("phase", "rest", "number"), [("TRAIN", "", 0), ("TEST", "", 1), ("TRAIN", "phase: TEST", 1)]
)
def test_setup_is_called_once_for_a_net_and_knows_the_phase(
    phase: str, rest: str, number: int
) -> None:
    net = protonet.Net(NET.format(layer="Fills", rest=rest), phase=phase)
    net({"x": torch.ones(1, 2)})

    calls: list[str] = sys.modules["user_code"].Fills.calls
    assert calls == [f"setup {number} 3", f"forward {number}"]


def test_each_net_has_a_layer_of_its_own() -> None:
    """Both of a file are made from one message."""
    file = read_net(NET.format(layer="Fills", rest=""))

    nets = [protonet.Net(file, phase=phase) for phase in ("TRAIN", "TEST", "TEST")]

    modules = [net.get_submodule("layers.mine") for net in nets]
    layers = {id(module.running.layer) for module in modules if isinstance(module, PythonLayer)}
    assert len(layers) == len(nets)
    assert sys.modules["user_code"].Fills.calls == ["setup 0 3", "setup 1 3", "setup 1 3"]


def test_without_bottoms_its_tops_are_where_the_net_is() -> None:
    text = """layer { name: "mine" type: "Python" top: "y"
      python_param { module: "user_code" layer: "Source" } }"""

    net = protonet.Net(text, device="meta")

    assert net({})["y"].device.type == "meta"


def test_what_setup_raises_is_told_with_its_line() -> None:
    assert case("Raises", (2,), (2,)).refusal() == (
        "`setup` of class `Raises`: Exception: one bottom, please (user_code.py:61)"
    )


def test_what_forward_raises_is_told_with_its_line() -> None:
    net = protonet.Net(NET.format(layer="Raises", rest=""))

    with pytest.raises(protonet.DiagnosticError) as caught:
        net({"x": torch.ones(1, 2)})

    (problem,) = caught.value.diagnostics
    assert problem.code == "PN302"
    assert problem.message.startswith("layer `mine`: `forward` of class `Raises`: IndexError: ")
    assert problem.message.endswith("(user_code.py:67)")


def test_what_a_module_raises_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken_code.py").write_text("import caffe\nlayers = unknown\n")

    assert case("X", (1,), module="broken_code").refusal() == (
        "cannot import module `broken_code`: NameError: name 'unknown' is not defined"
        " (broken_code.py:2)"
    )


def test_shapes_follow_the_bottoms_at_each_forward() -> None:
    (y,) = case("Affine", (2, 3)).run(torch.ones(5, 3), torch.zeros(3))

    assert y.tolist() == [[3.0] * 3] * 5


@pytest.mark.parametrize("train", [True, False])
def test_it_knows_the_phase(train: bool) -> None:
    tops = case("Phases", (1,), (1,), tops=2).run(torch.ones(1), torch.ones(1), train=train)

    assert [top.item() for top in tops] == [float(train), 2]


def test_it_needs_no_bottoms() -> None:
    tops = case("Phases", tops=2).run()

    assert [top.item() for top in tops] == [0, 0]


def test_it_needs_no_tops() -> None:
    assert case("Phases", (1,), tops=0).layer.infer((1,)) == ()


def test_it_does_not_run_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PERMISSION, "granted", False)

    with pytest.raises(LayerError) as caught:
        case("Affine", (2, 3)).layer.infer((2, 3))

    assert caught.value.message == ("class `Affine` of module `user_code` is code that may not run")
    assert caught.value.help == "if you trust it, pass `--allow-python-layers`"
    assert "user_code" not in sys.modules


@pytest.mark.parametrize(
    ("module", "layer", "message"),
    [
        ("user_code", "Nothing", "module `user_code` has no class `Nothing`"),
        ("no_code", "X", "cannot import module `no_code`: No module named 'no_code'"),
    ],
)
def test_what_cannot_be_found_is_named(module: str, layer: str, message: str) -> None:
    assert case(layer, (1,), module=module).refusal() == message


def test_a_blob_is_pycaffes() -> None:
    blob = Blob((2, 3))
    blob.data[...] = 1

    assert (blob.num, blob.channels, blob.height, blob.width, blob.count) == (2, 3, 1, 1, 6)
    blob.reshape(2, 3)
    assert blob.data.all()
    blob.reshape(4)
    assert (blob.shape, blob.data.tolist(), blob.diff.tolist()) == ((4,), [0] * 4, [0] * 4)


def test_a_layer_has_to_say_its_forward() -> None:
    layer = Layer()
    layer.blobs = BlobList()
    layer.setup([], [])
    layer.reshape([], [])
    layer.backward([], [], [])

    with pytest.raises(NotImplementedError):
        layer.forward([], [])


def test_an_installed_pycaffe_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = type(sys)("caffe")
    vars(installed).update(Layer=Layer, TRAIN=np.int64(0))
    monkeypatch.setitem(sys.modules, "caffe", installed)

    case("Phases", (1,), tops=2).layer.infer((1,))

    assert sys.modules["caffe"] is installed
