"""BatchReindex."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(*bottoms: Shape) -> LayerCase:
    return LayerCase("BatchReindex", "", bottoms=bottoms, labels=3)


@pytest.mark.parametrize("bottoms", [((3, 2, 2), (5,)), ((3,), (2,))])
def test_laws(bottoms: tuple[Shape, ...]) -> None:
    case(*bottoms).check_laws()


def test_gradients_of_a_repeated_item_add_up() -> None:
    x = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)

    (y,) = case((3, 1), (3,)).run(x, torch.tensor([2.0, 0.0, 2.9]))
    y.sum().backward()

    assert y.tolist() == [[3], [1], [3]]
    assert x.grad is not None
    assert x.grad.tolist() == [[1], [0], [2]]


@pytest.mark.parametrize("index", [3.0, -1.0])
def test_a_number_that_is_no_item_is_refused(index: float) -> None:
    with pytest.raises(ValueError, match=rf"^index {index:.0f} is outside 0 .. 2$"):
        case((3, 1), (1,)).run(torch.zeros(3, 1), torch.tensor([index]))


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((3, 2), (2, 1)), "bottom 1 of shape (2, 1) is no list of indices: it needs one axis"),
        (((), (2,)), "bottom 0 has no axes, but axis 0 is the batch"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(*bottoms).refusal() == message
