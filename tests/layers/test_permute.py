"""Permute."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def order(*axes: int) -> str:
    return f"permute_param {{ {' '.join(f'order: {axis}' for axis in axes)} }}"


@pytest.mark.parametrize(
    ("params", "bottom"),
    [
        (order(0, 2, 3, 1), (2, 3, 4, 5)),
        ("", (2, 3)),
        (order(1), (2, 3, 4)),
        (order(4, 0), (2,) * 5),
    ],
)
def test_laws(params: str, bottom: Shape) -> None:
    LayerCase("Permute", params, bottoms=(bottom,)).check_laws()


def test_axes_that_are_not_named_follow_in_their_own_order() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)

    (y,) = LayerCase("Permute", order(2), bottoms=((2, 3, 4),)).run(x)

    assert [
        [[y[w, n, c].item() == x[n, c, w].item() for c in range(3)] for n in range(2)]
        for w in range(4)
    ] == [[[True] * 3] * 2] * 4


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (order(0, 2), "axis 2 is out of range for a bottom of shape (2, 3)"),
        (order(1, 1), "`order` names axis 1 twice"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert LayerCase("Permute", params, bottoms=((2, 3),)).refusal() == message
