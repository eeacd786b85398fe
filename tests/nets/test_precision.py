from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import protonet
from protonet.layers import LAYERS
from protonet.nets.execution import Execution
from protonet.nets.precision import INDIFFERENT, PRODUCTS

CONV = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "x"
        convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
"""  # noqa: E501 # one line a layer
END = """
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "y" top: "ip"
        inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
MIDDLE = {
    "BatchNorm": "",
    "Bias": "",
    "Concat": 'bottom: "x"',
    "Crop": 'bottom: "data" crop_param { offset: 0 }',
    "Deconvolution": "convolution_param { num_output: 2 kernel_size: 2 stride: 2 }",
    "Dropout": "",
    "Eltwise": 'bottom: "x"',
    "Flatten": "",
    "LRN": "",
    "PReLU": "",
    "Pooling": "pooling_param { pool: AVE kernel_size: 3 stride: 2 }",
    "ReLU": "relu_param { negative_slope: 0.1 }",
    "Reshape": "reshape_param { shape { dim: 0 dim: -1 } }",
    "Scale": "scale_param { bias_term: true }",
    "Sigmoid": "",
    "Slice": 'top: "z" slice_param { slice_point: 2 }',
    "Split": 'top: "z"',
    "Tile": "tile_param { tiles: 2 }",
}
"""Layers between a convolution and an inner product."""


def run(net: protonet.Net) -> tuple[Tensor, list[Tensor]]:
    """Return the loss and the gradients."""
    generator = torch.Generator().manual_seed(1701)
    x = torch.rand(4, 3, 8, 8, generator=generator)
    torch.manual_seed(1701)
    outputs = net({"data": x, "label": torch.arange(4.0)})
    assert {value.dtype for value in outputs.values()} == {torch.float32}
    loss = net.loss(outputs)
    loss.backward()
    return loss.detach(), [p.grad for p in net.parameters() if p.grad is not None]


def length(gradient: Tensor) -> float:
    return float(gradient.square().sum().sqrt())


def nets(text: str, execution: Execution, phase: str = "TRAIN") -> Iterator[protonet.Net]:
    for how in (Execution(), execution):
        yield protonet.Net(text, phase, seed=1701, execution=how)


@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
@pytest.mark.parametrize("kind", MIDDLE)
def test_16_bits_give_the_same_to_their_rounding(kind: str, phase: str) -> None:
    layer = f'layer {{ name: "y" type: "{kind}" bottom: "x" top: "y" {MIDDLE[kind]} }}'
    (loss, gradients), (low_loss, low_gradients) = map(
        run, nets(CONV + layer + END, Execution(amp="bf16"), phase)
    )

    torch.testing.assert_close(low_loss, loss, rtol=0.02, atol=0)
    assert {g.dtype for g in low_gradients} == {torch.float32}
    size = max(length(g) for g in gradients)
    for mine, theirs in zip(low_gradients, gradients, strict=True):
        assert length(mine - theirs) < 0.03 * size


def seen(text: str, kind: str) -> list[torch.dtype]:
    """Return the types of what a layer is given and gives, beside layers in half floats."""
    net = protonet.Net(text, "TRAIN", seed=1701, execution=Execution(amp="fp16"))
    found: list[torch.dtype] = []

    def note(module: torch.nn.Module, given: tuple[Tensor, ...], made: Any) -> None:
        tops = (made,) if isinstance(made, Tensor) else made
        found.extend(tensor.dtype for tensor in (*given[:1], *tops))

    for module in net.layers.children():
        if type(module).__name__ == kind:
            module.register_forward_hook(note)
    with torch.no_grad():
        net({"data": torch.rand(4, 3, 8, 8), "label": torch.arange(4.0)})
    return found


def test_squares_and_losses_are_float32_and_products_are_not() -> None:
    text = CONV + 'layer { name: "y" type: "LRN" bottom: "x" top: "y" }' + END
    half, single = torch.float16, torch.float32

    assert seen(text, "Convolution") == [single, half]
    assert seen(text, "LRNAcrossChannels") == [single, single]
    assert seen(text, "InnerProduct") == [single, half]
    assert seen(text, "SoftmaxWithLoss") == [single, single]


def test_places_of_maxima_are_counted_in_float32() -> None:
    pooling = "pooling_param { kernel_size: 2 stride: 2 }"
    one = f'layer {{ name: "y" type: "Pooling" bottom: "x" top: "y" {pooling} }}'
    two = f'layer {{ name: "y" type: "Pooling" bottom: "x" top: "y" top: "mask" {pooling} }}'

    assert seen(CONV + one + END, "Pooling") == [torch.float16] * 2
    assert seen(CONV + two + END, "Pooling") == [torch.float32] * 3


def test_batch_statistics_are_float32() -> None:
    text = CONV + 'layer { name: "y" type: "BatchNorm" bottom: "x" top: "y" }' + END
    plain, low = nets(text, Execution(amp="bf16"))
    run(plain)
    run(low)

    for mine, theirs in zip(low.params["y"], plain.params["y"], strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine, theirs, rtol=0.01, atol=2e-3)


def test_the_layers_named_are_layers() -> None:
    assert set(LAYERS) >= PRODUCTS | INDIFFERENT
    assert PRODUCTS.isdisjoint(INDIFFERENT)
