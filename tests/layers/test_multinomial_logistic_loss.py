"""MultinomialLogisticLoss."""

import math

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(*bottoms: Shape) -> LayerCase:
    return LayerCase(
        "MultinomialLogisticLoss", "", bottoms=bottoms, low=0.1, high=1.0, labels=bottoms[0][-1]
    )


@pytest.mark.parametrize("bottoms", [((4, 3), (4,)), ((4, 2, 1, 3), (4, 1, 1, 1))])
def test_laws(bottoms: tuple[Shape, ...]) -> None:
    case(*bottoms).check_laws()


def test_is_the_mean_over_the_batch() -> None:
    p = torch.tensor([[0.2, 0.8], [0.5, 0.5]], dtype=torch.float64)

    (loss,) = case((2, 2), (2,)).run(p, torch.tensor([1.0, 0.0]))

    assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.5)) / 2)


def test_below_the_bound_the_gradient_is_that_of_the_bound() -> None:
    p = torch.tensor([[0.0, 1.0]], dtype=torch.float64, requires_grad=True)

    (loss,) = case((1, 2), (1,)).run(p, torch.zeros(1))
    loss.backward()

    assert loss.item() == pytest.approx(-math.log(1e-20))
    assert p.grad is not None
    torch.testing.assert_close(p.grad, torch.tensor([[-1e20, 0.0]], dtype=torch.float64))


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^label -1 is outside 0 .. 1$"):
        case((1, 2), (1,)).run(torch.ones(1, 2), torch.tensor([-1.0]))


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (3,)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (((2, 3), (2, 2)), "bottom 1 of shape (2, 2) does not hold one label an item"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(*bottoms).refusal() == message
