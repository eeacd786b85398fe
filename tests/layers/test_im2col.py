"""Im2col."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"convolution_param {{ {params} }}"


@pytest.mark.parametrize(
    ("params", "bottom"),
    [
        ("kernel_size: 3", (2, 2, 4, 5)),
        ("kernel_size: 1", (1, 2, 2, 2)),
        ("kernel_size: 2 pad: 1 stride: 2 dilation: 2", (1, 2, 4, 5)),
        ("kernel_size: 2 axis: 2", (1, 2, 2, 3, 3)),
        ("kernel_size: 2", (2, 3, 4)),
    ],
)
def test_laws(params: str, bottom: Shape) -> None:
    LayerCase("Im2col", text(params), bottoms=(bottom,)).check_laws()


def test_two_spatial_axes_are_as_unfold_has_them() -> None:
    params = "kernel_size: 2 kernel_size: 3 pad: 1 stride: 2"
    case = LayerCase("Im2col", text(params), bottoms=((2, 3, 5, 6),))
    x = case.inputs()[0].detach()

    (y,) = case.run(x)

    torch.testing.assert_close(
        y.flatten(2), torch.nn.functional.unfold(x, (2, 3), padding=1, stride=2)
    )


def test_a_bottom_without_spatial_axes_is_refused() -> None:
    case = LayerCase("Im2col", text("kernel_size: 1"), bottoms=((2, 3),))

    assert case.refusal() == "a bottom of shape (2, 3) has no spatial axes after axis 1"
