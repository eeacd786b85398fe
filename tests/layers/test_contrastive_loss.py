"""ContrastiveLoss."""

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import Backward, LayerCase

PAIRS = (6, 3)


def text(params: str) -> str:
    return f"contrastive_loss_param {{ {params} }}"


def _caffes(margin: float, *, legacy: bool = False) -> Backward:
    """The diffs, pair by pair, as ``contrastive_loss_layer.cpp`` has them."""

    def backward(
        inputs: tuple[Tensor, ...], diffs: tuple[Tensor, ...]
    ) -> tuple[Tensor | None, ...]:
        a, b, label = (x.detach() for x in inputs)
        diff = torch.zeros_like(a)
        for n in range(len(a)):
            apart = a[n] - b[n]
            distance = apart.square().sum().sqrt()
            if int(label[n]):
                diff[n] = apart
            elif legacy and distance**2 < margin:
                diff[n] = -apart
            elif not legacy and distance < margin:
                diff[n] = -(margin - distance) / (distance + 1e-4) * apart
        diff *= diffs[0] / len(a)
        return diff, -diff, None

    return backward


@pytest.mark.parametrize("shape", [PAIRS, (*PAIRS, 1, 1)])
@pytest.mark.parametrize("margin", [1.0, 3.0])
def test_laws(shape: Shape, margin: float) -> None:
    LayerCase(
        "ContrastiveLoss",
        text(f"margin: {margin}"),
        bottoms=(shape, shape, (6,)),
        backward=_caffes(margin),
    ).check_laws()


def test_laws_of_the_legacy_version() -> None:
    LayerCase(
        "ContrastiveLoss",
        text("margin: 6 legacy_version: true"),
        bottoms=(PAIRS, PAIRS, (6, 1, 1, 1)),
        backward=_caffes(6, legacy=True),
    ).check_laws()


@pytest.mark.parametrize(
    ("params", "dissimilar"), [("margin: 7", 2.0**2), ("margin: 26 legacy_version: true", 1.0)]
)
def test_costs_of_a_pair_at_distance_five(params: str, dissimilar: float) -> None:
    case = LayerCase("ContrastiveLoss", text(params), bottoms=((1, 2), (1, 2), (1,)))
    a, b = torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)

    costs = [case.run(a, b, torch.tensor([label]))[0].item() for label in (1.0, -1.0, 0.9, 0.0)]

    assert costs == [25 / 2, 25 / 2, dissimilar / 2, dissimilar / 2]


def test_equal_features_have_a_finite_gradient() -> None:
    case = LayerCase("ContrastiveLoss", "", bottoms=((1, 2), (1, 2), (1,)))
    a, b = (torch.ones(1, 2, requires_grad=True) for _ in range(2))

    case.run(a, b, torch.zeros(1))[0].backward()

    assert a.grad is not None
    assert a.grad.tolist() == [[0, 0]]


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1)])
def test_axes_that_are_missing_are_one(shape: Shape) -> None:
    case = LayerCase("ContrastiveLoss", "", bottoms=(shape, (3, 1), (3,)))
    a, b, similar = torch.tensor([1.0, 2.0, 3.0]), torch.zeros(3, 1), torch.ones(3)

    (loss,) = case.run(a.reshape(shape), b, similar)

    assert case.layer.infer(*case.bottoms) == ((),)
    assert loss.item() == pytest.approx((1 + 4 + 9) / 6)


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (1, 3), (2,)), "bottom 0 holds 2 items, but bottom 1 holds 1"),
        (
            ((2, 3), (2, 3, 2, 1), (2,)),
            "bottom 1 of shape (2, 3, 2, 1) is neither (N, C) nor (N, C, 1, 1)",
        ),
        (((2, 3), (2,), (2,)), "features of 3 and 1 channels cannot be compared"),
        (
            ((2, 3, 1, 1, 1), (2, 3), (2,)),
            "a bottom of shape (2, 3, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
        (((2, 3), (2, 4), (2,)), "features of 3 and 4 channels cannot be compared"),
        (((2, 3), (2, 3), (2, 2)), "bottom 2 of shape (2, 2) does not hold 2 labels"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("ContrastiveLoss", "", bottoms=bottoms).refusal() == message
