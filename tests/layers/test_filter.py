"""Filter."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize(
    ("bottoms", "tops"), [(((3, 2), (3,)), 1), (((3, 2), (3, 1, 2), (3, 1, 1, 1)), 2)]
)
def test_laws_where_all_items_pass(bottoms: tuple[Shape, ...], tops: int) -> None:
    LayerCase("Filter", "", bottoms=bottoms, tops=tops, kinks=(0.0,)).check_laws()


def test_items_whose_selector_is_not_zero_pass() -> None:
    x = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
    label = torch.tensor([7.0, 8.0, 9.0])
    case = LayerCase("Filter", "", bottoms=((3, 1), (3,), (3,)), tops=2)

    tops = case.run(x, label, torch.tensor([0.5, 0.0, -1.0]))
    tops[0].sum().backward()

    assert [top.tolist() for top in tops] == [[[1], [3]], [7, 9]]
    assert x.grad is not None
    assert x.grad.tolist() == [[1], [0], [1]]


def test_no_item_may_pass() -> None:
    (top,) = LayerCase("Filter", "", bottoms=((3, 2), (3,))).run(torch.ones(3, 2), torch.zeros(3))

    assert top.shape == (0, 2)


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((3, 2), (3,), (3,)), "2 bottoms and a selector cannot make 1 tops"),
        (((3, 2), (3, 2)), "a selector of shape (3, 2) does not hold one value an item"),
        (((3, 2), ()), "a selector of shape () does not hold one value an item"),
        (((3, 2), (4,)), "bottom 0 of shape (3, 2) does not hold 4 items as the selector"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("Filter", "", bottoms=bottoms).refusal() == message
