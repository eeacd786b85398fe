"""Python: a user's own layer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.layers.base import LayerError, Weight
from protonet.message.common import FillerParameter
from protonet.ops.python_layer import PERMISSION, Blob, BlobList, Layer
from protonet.shape import Shape
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
    def setup(self, bottom, top):
        self.blobs.add_blob(0)
        self.blobs.add_blob(2)
        self.blobs[1].data[1] = 1
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


def test_its_blobs_are_learned_and_begin_as_setup_fills_them() -> None:
    assert case("Affine", (2, 3)).weights == (Weight((3,), FillerParameter(value=0.5)),)


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


def test_blobs_filled_with_different_values_are_refused() -> None:
    with pytest.raises(LayerError) as caught:
        _ = case("Fills", (1,)).weights

    assert caught.value.message == "`setup` fills a blob with different values"


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
