"""Axpy."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

X = (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("scale", "x"), [((2, 3, 1, 1), X), ((2, 3), X), ((2, 3), (2, 3)), ((2, 3), (2, 3, 4))]
)
def test_laws(scale: Shape, x: Shape) -> None:
    LayerCase("Axpy", "", bottoms=(scale, x, x)).check_laws()


def test_each_channel_is_scaled_and_the_third_bottom_added() -> None:
    a, x = torch.tensor([[2.0, 3.0]]), torch.tensor([[[1.0, 10.0], [1.0, 10.0]]])

    (top,) = LayerCase("Axpy", "", bottoms=((1, 2), (1, 2, 2), (1, 2, 2))).run(a, x, x)

    assert top.tolist() == [[[3.0, 30.0], [4.0, 40.0]]]


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (
            ((2, 3), X, (2, 3, 4, 4)),
            f"bottom 1 of shape {X} differs from bottom 2 of shape (2, 3, 4, 4)",
        ),
        (
            ((2, 4), X, X),
            f"bottom 0 of shape (2, 4) is not one value for each channel of bottom 1, {X}",
        ),
        (
            ((2,), (2,), (2,)),
            "bottom 0 of shape (2,) is not one value for each channel of bottom 1, (2,)",
        ),
    ],
)
def test_shapes_that_do_not_go_together_are_refused(
    bottoms: tuple[Shape, ...], message: str
) -> None:
    assert LayerCase("Axpy", "", bottoms=bottoms).refusal() == message
