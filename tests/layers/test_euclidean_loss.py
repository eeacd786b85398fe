"""EuclideanLoss."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize("bottoms", [((3, 4), (3, 4)), ((3, 4), (3, 2, 1, 2))])
def test_laws(bottoms: tuple[Shape, ...]) -> None:
    LayerCase("EuclideanLoss", "", bottoms=bottoms).check_laws()


def test_divides_by_twice_the_batch_not_by_the_count() -> None:
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = torch.tensor([[1.0, 0.0], [0.0, 4.0]], requires_grad=True)

    (loss,) = LayerCase("EuclideanLoss", "", bottoms=((2, 2), (2, 2))).run(a, b)
    loss.backward()

    assert loss.item() == (4 + 9) / 4
    assert a.grad is not None
    assert b.grad is not None
    assert a.grad.tolist() == [[0, 1], [1.5, 0]]
    assert b.grad.tolist() == [[0, -1], [-1.5, 0]]


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (3, 2)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (
            ((2, 3), (2, 4)),
            "bottoms of shapes (2, 3) and (2, 4) do not hold the same number of values",
        ),
        (
            ((1, 1, 1, 1, 1),) * 2,
            "a bottom of shape (1, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("EuclideanLoss", "", bottoms=bottoms).refusal() == message
