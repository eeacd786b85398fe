"""Deconvolution."""

import itertools

import numpy as np
import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"convolution_param {{ {params} }}"


@pytest.mark.parametrize(
    ("params", "bottoms"),
    [
        ("num_output: 3 kernel_size: 2", ((2, 2, 3, 3),)),
        ("num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 2", ((1, 2, 2, 3),)),
        ("num_output: 2 kernel_h: 3 kernel_w: 1 bias_term: false dilation: 2", ((1, 1, 2, 2),)),
        ("num_output: 2 kernel_size: 2", ((2, 1, 3), (2, 1, 3))),
        ("num_output: 1 kernel_size: 2", ((1, 2, 2, 2, 2),)),
        ("num_output: 2 kernel_size: 2 stride: 2 group: 2", ((1, 2, 2, 1, 2, 2),)),
        ("num_output: 2", ((3, 4),)),
        ("num_output: 2 kernel_size: 2 axis: 2", ((2, 2, 3, 2, 2),)),
    ],
)
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Deconvolution", text(params), bottoms=bottoms, tops=len(bottoms)).check_laws()


def test_each_value_adds_a_scaled_kernel() -> None:
    params = "num_output: 2 kernel_size: 3 stride: 2 pad: 1"
    case = LayerCase("Deconvolution", text(params), bottoms=((1, 2, 3, 3),))
    x, w, b = (t.detach().numpy() for t in case.inputs())

    (y,) = case.run(*(torch.from_numpy(t) for t in (x, w, b)))

    whole = np.zeros((2, 7, 7))  # with the padding that is cut off
    for c, o, i, j in itertools.product(range(2), range(2), range(3), range(3)):
        whole[o, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += x[0, c, i, j] * w[c, o]
    np.testing.assert_allclose(y[0].numpy(), whole[:, 1:-1, 1:-1] + b[:, None, None], atol=1e-12)


def test_more_than_three_spatial_axes_follow_the_same_rule() -> None:
    params = "num_output: 1 kernel_size: [1, 2, 2, 2] stride: [1, 2, 2, 2]"
    case = LayerCase("Deconvolution", text(params), bottoms=((1, 2, 1, 2, 2, 2),))
    x, w, b = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w, b)

    expected = torch.nn.functional.conv_transpose3d(x[:, :, 0], w[:, :, 0], b, stride=2)
    torch.testing.assert_close(y[:, :, 0], expected)


def test_padding_that_leaves_nothing_is_refused() -> None:
    case = LayerCase(
        "Deconvolution", text("num_output: 1 kernel_size: 2 pad: 1"), bottoms=((1, 1, 1, 1),)
    )

    assert case.refusal() == (
        "a kernel of (2, 2) leaves nothing of a bottom of shape (1, 1, 1, 1): "
        "the top would have extents (0, 0)"
    )


def test_each_value_of_a_bottom_costs_a_multiplication_for_each_tap() -> None:
    shape = (2, 4, 5, 5)
    params = "num_output: 6 kernel_size: 3 group: 2"
    case = LayerCase("Deconvolution", text(params), bottoms=(shape,))

    assert case.layer.multiplications(shape) == (2 * 4 * 5 * 5) * (3 * 3 * 3)
