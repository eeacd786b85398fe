"""Convolution."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"convolution_param {{ {params} }}"


@pytest.mark.parametrize(
    ("params", "bottoms"),
    [
        ("num_output: 3 kernel_size: 2", ((2, 2, 4, 5),)),
        ("num_output: 2 kernel_size: 1 bias_term: false", ((2, 3, 2, 2),)),
        ("num_output: 4 kernel_size: 3 group: 2 pad: 1 stride: 2", ((1, 2, 4, 4),)),
        ("num_output: 2 kernel_h: 2 kernel_w: 1 stride_h: 1 stride_w: 2 pad_w: 1", ((1, 1, 3, 3),)),
        ("num_output: 2 kernel_size: 2 kernel_size: 1 dilation: 2 dilation: 1", ((1, 1, 4, 3),)),
        ("num_output: 2 kernel_size: 2", ((2, 1, 3), (2, 1, 3))),
        ("num_output: 2 kernel_size: 2", ((1, 2, 3, 2, 2),)),
        ("num_output: 2 kernel_size: 2 group: 2", ((1, 2, 2, 3, 2, 2),)),
        ("num_output: 2", ((3, 4),)),
        ("num_output: 2 kernel_size: 2 axis: 2", ((2, 2, 3, 3, 3),)),
        ("num_output: 2 kernel_size: 2 axis: 0", ((2, 3, 3),)),
        ("num_output: 2 kernel_size: 3 axis: -2 force_nd_im2col: true", ((2, 2, 4),)),
    ],
)
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Convolution", text(params), bottoms=bottoms, tops=len(bottoms)).check_laws()


def _naive(
    x: NDArray[np.float64],
    w: NDArray[np.float64],
    *,
    stride: int,
    pad: int,
    dilation: int,
    group: int,
) -> NDArray[np.float64]:
    """Cross-correlation as a loop over all that takes part in it."""
    n, c, height, width = x.shape
    outputs, _, kernel, _ = w.shape
    reach = dilation * (kernel - 1) + 1
    h, wd = ((size + 2 * pad - reach) // stride + 1 for size in (height, width))
    y = np.zeros((n, outputs, h, wd))
    positions = itertools.product(*map(range, (n, outputs, h, wd, c // group, kernel, kernel)))
    for i, o, p, q, k, a, b in positions:
        row, column = p * stride - pad + a * dilation, q * stride - pad + b * dilation
        if 0 <= row < height and 0 <= column < width:
            channel = o // (outputs // group) * (c // group) + k
            y[i, o, p, q] += x[i, channel, row, column] * w[o, k, a, b]
    return y


@pytest.mark.parametrize(
    ("stride", "pad", "dilation", "group"), [(1, 0, 1, 1), (2, 1, 1, 2), (1, 2, 2, 1), (3, 0, 1, 2)]
)
def test_matches_a_naive_loop(stride: int, pad: int, dilation: int, group: int) -> None:
    params = (
        f"num_output: 4 kernel_size: 3 stride: {stride} pad: {pad} "
        f"dilation: {dilation} group: {group} bias_term: false"
    )
    case = LayerCase("Convolution", text(params), bottoms=((2, 2, 6, 5),))
    x, w = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w)

    expected = _naive(x.numpy(), w.numpy(), stride=stride, pad=pad, dilation=dilation, group=group)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)


def test_bottoms_share_the_weights() -> None:
    shape = (2, 2, 4, 4)
    case = LayerCase(
        "Convolution", text("num_output: 3 kernel_size: 3"), bottoms=(shape, shape), tops=2
    )
    one = LayerCase("Convolution", text("num_output: 3 kernel_size: 3"), bottoms=(shape,))
    first, second, *weights = (t.detach() for t in case.inputs())

    tops = case.run(first, second, *weights)

    assert [w.shape for w in case.weights] == [(3, 2, 3, 3), (3,)]
    torch.testing.assert_close(tops, (*one.run(first, *weights), *one.run(second, *weights)))


def test_axes_before_the_channels_are_a_batch() -> None:
    params = "num_output: 2 kernel_size: 2 axis: 2"
    case = LayerCase("Convolution", text(params), bottoms=((2, 3, 2, 4, 4),))
    x, w, b = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w, b)

    flat = torch.nn.functional.conv2d(x.flatten(0, 1), w, b)
    torch.testing.assert_close(y, flat.reshape(2, 3, 2, 3, 3))


def test_four_spatial_axes_are_a_sum_of_three() -> None:
    params = "num_output: 2 kernel_size: 2 kernel_size: 1 kernel_size: 1 kernel_size: 1"
    case = LayerCase("Convolution", text(params), bottoms=((1, 2, 3, 2, 2, 2),))
    x, w, b = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w, b)

    def slide(at: Tensor, tap: int) -> Tensor:
        return torch.einsum("ncdefg,oc->nodefg", at, w[:, :, tap, 0, 0, 0])

    expected = slide(x[:, :, :2], 0) + slide(x[:, :, 1:], 1) + b.reshape(-1, 1, 1, 1, 1)
    torch.testing.assert_close(y, expected)


def test_a_kernel_beyond_the_padded_end_reads_zeros_if_the_stride_is_larger() -> None:
    # (2 - 3) / 2 + 1 is 1 in C++, which rounds towards 0
    params = "num_output: 1 kernel_size: 3 stride: 2 bias_term: false"
    case = LayerCase("Convolution", text(params), bottoms=((1, 1, 2, 2),))
    x, w = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w)

    assert case.layer.infer((1, 1, 2, 2)) == ((1, 1, 1, 1),)
    torch.testing.assert_close(y.squeeze(), (x[0, 0] * w[0, 0, :2, :2]).sum())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("kernel_size: 3", "`num_output` is not set"),
        ("num_output: 0 kernel_size: 3", "`num_output` is not set"),
        ("num_output: 2", "`kernel_size` is set 0 times for 2 spatial axes"),
        (
            "num_output: 2 kernel_size: [1, 1, 1]",
            "`kernel_size` is set 3 times for 2 spatial axes",
        ),
        ("num_output: 2 kernel_size: 0", "`kernel` (0, 0) must be at least 1"),
        ("num_output: 2 kernel_h: 3", "`kernel` (3, 0) must be at least 1"),
        ("num_output: 2 kernel_size: 1 stride_h: 2", "`stride` (2, 0) must be at least 1"),
        ("num_output: 2 kernel_size: 1 stride: 0", "`stride` (0, 0) must be at least 1"),
        ("num_output: 2 kernel_size: 1 dilation: 0", "`dilation` (0, 0) must be at least 1"),
        (
            "num_output: 2 kernel_size: 1 kernel_h: 3 kernel_w: 3",
            "`kernel_size` and `kernel_h`, `kernel_w` are both set",
        ),
        (
            "num_output: 2 kernel_size: 1 pad: 1 pad_h: 0",
            "`pad` and `pad_h`, `pad_w` are both set",
        ),
        (
            "num_output: 3 kernel_size: 1 group: 2",
            "`group` 2 does not divide both the 4 channels of the bottom and `num_output` 3",
        ),
        (
            "num_output: 3 kernel_size: 1 group: 3",
            "`group` 3 does not divide both the 4 channels of the bottom and `num_output` 3",
        ),
        (
            "num_output: 3 kernel_size: 1 group: 0",
            "`group` 0 does not divide both the 4 channels of the bottom and `num_output` 3",
        ),
        (
            "num_output: 1 kernel_size: 1 axis: 4",
            "axis 4 is out of range for a bottom of shape (2, 4, 5, 5)",
        ),
        (
            "num_output: 1 kernel_size: 6",
            (
                "a kernel of (6, 6) leaves nothing of a bottom of shape (2, 4, 5, 5): "
                "the top would have extents (0, 0)"
            ),
        ),
    ],
)
def test_what_caffe_refuses_is_refused(params: str, message: str) -> None:
    assert LayerCase("Convolution", text(params), bottoms=((2, 4, 5, 5),)).refusal() == message


def test_sides_are_for_two_spatial_axes() -> None:
    case = LayerCase(
        "Convolution", text("num_output: 1 kernel_h: 1 kernel_w: 1"), bottoms=((1, 1, 3),)
    )

    assert case.refusal() == "`kernel_h` and `kernel_w` need 2 spatial axes, the bottom has 1"


def test_bottoms_of_different_shapes_are_refused() -> None:
    case = LayerCase(
        "Convolution",
        text("num_output: 1 kernel_size: 1"),
        bottoms=((1, 1, 3, 3), (1, 1, 3, 4)),
        tops=2,
    )

    assert (
        case.refusal()
        == "bottoms that share weights differ: bottom 0 is (1, 1, 3, 3), bottom 1 is (1, 1, 3, 4)"
    )


def test_each_value_of_a_top_costs_a_multiplication_for_each_tap() -> None:
    shape = (2, 4, 5, 5)
    params = "num_output: 6 kernel_size: 3 group: 2"
    case = LayerCase("Convolution", text(params), bottoms=(shape, shape), tops=2)

    assert case.layer.multiplications(shape, shape) == 2 * (2 * 6 * 3 * 3) * (2 * 3 * 3)
