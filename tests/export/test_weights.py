"""Weights go from any format to any other, with the values they had."""

from pathlib import Path

import numpy as np
import pytest
import torch

import protonet
from protonet.diagnostics import DiagnosticError
from protonet.export.weights import FORMATS, convert_weights
from protonet.weights.formats import read
from protonet.weights.scan import length_delimited
from protonet.weights.stored import ArrayBlob

NET = """\
name: "two"
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }
layer {
  name: "a/b"
  type: "Convolution"
  bottom: "x"
  top: "a"
  convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } }
}
layer { name: "bn" type: "BatchNorm" bottom: "a" top: "bn" }
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "bn"
  top: "ip"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } }
}
"""


def net() -> protonet.Net:
    torch.manual_seed(1701)
    made = protonet.Net(NET)
    for blobs in made.params.values():
        for blob in blobs:
            torch.nn.init.normal_(blob)
    return made


def blobs(path: Path) -> dict[tuple[str, int], np.ndarray]:
    return {
        (layer.name, index): blob.array()
        for layer in read(path).layers
        for index, blob in layer.blobs.items()
    }


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_every_format_becomes_every_other(source: str, target: str, tmp_path: Path) -> None:
    made = net()
    first, second = tmp_path / f"a.{source}", tmp_path / f"b.{target}"
    protonet.save_weights(made, first)

    told = convert_weights(first, second)

    expected = {
        (layer, index): blob.detach().numpy()
        for layer, blobs in made.params.items()
        for index, blob in enumerate(blobs)
    }
    found = blobs(second)
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array)
    assert told == [f"{second}: 3 layers, 7 blobs"]
    again = net()
    with torch.no_grad():
        again.params["ip"][0].zero_()
    protonet.load_weights(again, second, strict=True)
    assert torch.equal(again.params["ip"][0], made.params["ip"][0])


def test_names_of_torch_need_the_net(tmp_path: Path) -> None:
    source, target = tmp_path / "a.pth", tmp_path / "b.h5"
    torch.save({"0.weight": torch.ones(2, 1, 3, 3)}, source)

    with pytest.raises(DiagnosticError, match="PN804"):
        convert_weights(source, target)
    assert not target.exists()


def test_with_a_net_its_own_blobs_are_written(tmp_path: Path) -> None:
    made = net()
    first, second = tmp_path / "a.caffemodel", tmp_path / "b.safetensors"
    protonet.save_weights(made, first)

    told = convert_weights(first, second, protonet.Net(NET))

    assert len(told) == 1
    assert blobs(second).keys() == blobs(first).keys()


def old(layer: str, kind: str, *shapes: tuple[int, int, int, int]) -> bytes:
    """A layer as Caffe wrote it until November 2014: every blob has four axes."""
    data = length_delimited(1, layer.encode()) + length_delimited(2, kind.encode())
    for shape in shapes:
        axes = b"".join(bytes([number << 3, size]) for number, size in enumerate(shape, start=1))
        values = np.arange(np.prod(shape), dtype="<f4").tobytes()
        data += length_delimited(7, axes + length_delimited(5, values))
    return length_delimited(100, data)


def test_four_axes_of_old_files_become_today_s(tmp_path: Path) -> None:
    source, target = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    source.write_bytes(
        old("conv", "Convolution", (2, 1, 3, 3), (1, 1, 1, 2))
        + old("one", "Convolution", (1, 1, 1, 1), (1, 1, 1, 1))
        + old("ip", "InnerProduct", (1, 1, 1, 4), (1, 1, 1, 1))
        + old("slope", "PReLU", (1, 1, 1, 3))
    )

    convert_weights(source, target)

    assert {key: array.shape for key, array in blobs(target).items()} == {
        ("conv", 0): (2, 1, 3, 3),
        ("conv", 1): (2,),
        ("one", 0): (1, 1, 1, 1),
        ("one", 1): (1,),
        ("ip", 0): (1, 4),
        ("ip", 1): (1,),
        ("slope", 0): (3,),
    }
    assert not any(
        isinstance(blob, ArrayBlob) or blob.legacy
        for layer in read(target).layers
        for blob in layer.blobs.values()
    )
