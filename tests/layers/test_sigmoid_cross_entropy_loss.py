"""SigmoidCrossEntropyLoss."""

import math

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase

BOTTOMS = ((2, 3, 2), (2, 6))


def case(params: str = "", bottoms: tuple[Shape, ...] = BOTTOMS) -> LayerCase:
    return LayerCase("SigmoidCrossEntropyLoss", f"loss_param {{ {params} }}", bottoms=bottoms)


@pytest.mark.parametrize("params", ["", "ignore_label: 1", "normalization: VALID ignore_label: 0"])
def test_laws(params: str) -> None:
    case(params).check_laws()


def by_hand(x: Tensor, target: Tensor, ignore_label: int | None) -> tuple[float, int]:
    """Return the sum over targets that count, and how many do."""
    total, counted = 0.0, 0
    for score, value in zip(x.flatten(), target.flatten(), strict=True):
        t = float(value)
        if int(t) != ignore_label:
            p = 1 / (1 + math.exp(-float(score)))
            total -= t * math.log(p) + (1 - t) * math.log(1 - p)
            counted += 1
    return total, counted


@pytest.mark.parametrize(
    ("params", "ignore_label", "divisor"),
    [
        ("", None, 2),
        ("normalize: false", None, 2),
        ("ignore_label: 1", 1, 2),
        ("ignore_label: 0", 0, 2),
        ("ignore_label: 1 normalize: true", 1, "valid"),
        ("ignore_label: 1 normalization: VALID", 1, "valid"),
        ("ignore_label: 1 normalization: FULL", 1, 12),
        ("ignore_label: 1 normalization: NONE normalize: true", 1, 1),
    ],
)
def test_is_divided_by_the_batch_unless_told_otherwise(
    params: str, ignore_label: int | None, divisor: int | str
) -> None:
    x = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(2, 3, 2)
    target = torch.tensor([0, 1, 0.4, 0.6, 1, 1, 0, 1, 0.9, 0, 0, 1], dtype=torch.float64)

    (loss,) = case(params).run(x, target)

    total, counted = by_hand(x, target, ignore_label)
    expected = total / (counted if isinstance(divisor, str) else divisor)
    assert loss.item() == pytest.approx(expected)


def test_if_all_are_ignored_the_loss_is_zero() -> None:
    loss_case = case("ignore_label: 1 normalization: VALID", ((1, 2), (1, 2)))

    assert loss_case.run(torch.ones(1, 2), torch.ones(1, 2))[0].item() == 0


def test_large_scores_do_not_overflow() -> None:
    loss_case = case(bottoms=((1, 2), (1, 2)))

    (loss,) = loss_case.run(torch.tensor([[1000.0, -1000.0]]), torch.tensor([[1.0, 1.0]]))

    assert loss.item() == 1000


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (3, 2)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (
            ((2, 3), (2, 2)),
            "bottoms of shapes (2, 3) and (2, 2) do not hold the same number of values",
        ),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert case("", bottoms).refusal() == message


def test_label_smoothing_is_refused() -> None:
    refusal = case("label_smoothing: 0.1").refusal()

    assert refusal == "`label_smoothing` is a field of SoftmaxWithLoss alone"
