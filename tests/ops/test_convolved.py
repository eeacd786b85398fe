"""The gradient of a convolution's weight as a product: the same numbers as torch's, any window."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops import convolved as under_test
from protonet.ops.convolved import convolved, weight_gradient
from protonet.shape import ConvWindow

WINDOWS = [
    ConvWindow((1, 1), (1, 1), (0, 0), (1, 1)),
    ConvWindow((1, 1), (2, 2), (0, 0), (1, 1)),
    ConvWindow((3, 3), (1, 1), (1, 1), (1, 1)),
    ConvWindow((3, 3), (2, 2), (1, 1), (1, 1)),
    ConvWindow((2, 5), (3, 2), (0, 4), (1, 1)),
    ConvWindow((5, 1), (1, 3), (2, 0), (1, 1)),
]


@pytest.fixture(autouse=True)
def _everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the product whatever the processor."""
    monkeypatch.setattr(under_test, "is_slow", lambda: True)


def tensors(window: ConvWindow, outputs: int) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1701)
    x = torch.randn(3, 6, 11, 14, generator=draw)
    weight = torch.randn(outputs, 6, *window.kernel, generator=draw)
    bias = torch.randn(outputs, generator=draw)
    return x, weight.contiguous(memory_format=torch.channels_last), bias


@pytest.mark.parametrize("outputs", [70, 2])  # wide: more outputs than elements of a kernel; tall
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_the_gradient_is_that_of_torch(window: ConvWindow, outputs: int) -> None:
    x, weight, _ = tensors(window, outputs)
    x, weight = x.double(), weight.double().requires_grad_()
    top = F.conv2d(x, weight, None, window.stride, window.pad)
    diff = torch.randn(top.shape, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    (expected,) = torch.autograd.grad(top, weight, diff)

    found = weight_gradient(x, diff, window)

    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("chunk", [1, 400, 1500, 10**6], ids=str)
def test_it_is_added_up_in_pieces(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "CHUNK", chunk)
    test_the_gradient_is_that_of_torch(WINDOWS[3], 5)


@pytest.mark.parametrize("to_x", [True, False])
@pytest.mark.parametrize("has_bias", [True, False])
def test_a_convolution_and_all_its_gradients_are_those_of_torch(to_x: bool, has_bias: bool) -> None:
    window, leaves = WINDOWS[3], list[tuple[Tensor, ...]]()
    tops = list[Tensor]()
    for way in (convolved, None):
        x, weight, bias = tensors(window, 70)
        given = tuple(
            leaf.requires_grad_(learns)
            for leaf, learns in ((x, to_x), (weight, True), (bias, has_bias))
        )
        b = bias if has_bias else None
        if way:
            top = way(x, weight, b, window)
            assert top.grad_fn is not None
            assert top.grad_fn.name() == "_ConvolvedBackward"
        else:
            top = F.conv2d(x, weight, b, window.stride, window.pad)
        (top * top).sum().backward()
        tops.append(top)
        leaves.append(given)

    torch.testing.assert_close(*tops)
    for found, expected in zip(*leaves, strict=True):
        torch.testing.assert_close(found.grad, expected.grad, rtol=1e-5, atol=1e-4)


def taken(x: Tensor, weight: Tensor, window: ConvWindow) -> bool:
    """Tell whether the product is taken."""
    function = convolved(x, weight, None, window).grad_fn
    return function is not None and function.name() == "_ConvolvedBackward"


def test_it_is_taken_where_it_pays_and_means_the_same() -> None:
    window = WINDOWS[2]
    x, weight, _ = tensors(window, 70)
    weight.requires_grad_()
    dilated = ConvWindow((3, 3), (1, 1), (1, 1), (2, 2))

    assert taken(x, weight, window)
    assert not taken(x, weight.detach(), window)
    assert not taken(x, weight.detach().contiguous().requires_grad_(), window)
    assert not taken(x.double(), weight.detach().double().requires_grad_(), window)
    assert not taken(x, weight, dilated)
    assert not taken(x, weight[:32], window)  # oneDNN's is the faster one
    with torch.no_grad():
        assert not taken(x, weight, window)
    with torch.autocast("cpu", torch.bfloat16):
        assert not taken(x, weight, window)


def test_one_position_says_nothing_of_the_layout_so_its_bottom_does() -> None:
    x, weight, _ = tensors(WINDOWS[0], 2)
    weight.requires_grad_()

    assert not taken(x, weight, WINDOWS[0])
    assert taken(x.contiguous(memory_format=torch.channels_last), weight, WINDOWS[0])
