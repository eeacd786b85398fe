"""HingeLoss."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(params: str, bottoms: tuple[Shape, ...]) -> LayerCase:
    text = f"hinge_loss_param {{ {params} }}"
    return LayerCase("HingeLoss", text, bottoms=bottoms, kinks=(-1.0, 1.0), labels=2)


@pytest.mark.parametrize("params", ["", "norm: L2"])
@pytest.mark.parametrize("bottoms", [((4, 3), (4,)), ((4, 2, 1, 3), (4, 1, 1, 1))])
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    case(params, bottoms).check_laws()


def test_laws_of_a_single_score() -> None:
    LayerCase("HingeLoss", "", bottoms=((4,), (4,)), labels=1, kinks=(1.0,)).check_laws()


@pytest.mark.parametrize(("params", "expected"), [("", 3.5), ("norm: L2", 3.25)])
def test_one_class_against_the_rest(params: str, expected: float) -> None:
    x = torch.tensor([[0.5, 0.0, -2.0], [0.0, 2.0, 0.0]])  # short by 0.5, 1, 0 and 1, 0, 1

    (loss,) = case(params, ((2, 3), (2,))).run(x, torch.tensor([0.0, 1.0]))

    assert loss.item() == expected / 2


def test_the_gradient_at_the_kink_is_zero() -> None:
    x = torch.tensor([[1.0, -1.0]], requires_grad=True)

    case("", ((1, 2), (1,))).run(x, torch.zeros(1))[0].backward()

    assert x.grad is not None
    assert x.grad.tolist() == [[0, 0]]


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^label 2 is outside 0 .. 1$"):
        case("", ((1, 2), (1,))).run(torch.zeros(1, 2), torch.tensor([2.0]))


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (3,)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (
            ((2, 3), (2, 3)),
            (
                "bottom 0 of shape (2, 3) makes 2 predictions, "
                "but bottom 1 of shape (2, 3) holds 6 labels"
            ),
        ),
        (
            ((2, 1, 1, 1, 1), (2,)),
            "a bottom of shape (2, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert case("", bottoms).refusal() == message
