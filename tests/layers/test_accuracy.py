"""Accuracy."""

import math

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(params: str, bottoms: tuple[Shape, ...], tops: int = 1) -> LayerCase:
    text = f"accuracy_param {{ {params} }}"
    return LayerCase("Accuracy", text, bottoms=bottoms, tops=tops, labels=2, differentiable=False)


@pytest.mark.parametrize("params", ["", "top_k: 2", "ignore_label: 1", "axis: 2"])
@pytest.mark.parametrize("tops", [1, 2])
def test_laws(params: str, tops: int) -> None:
    case(params, ((4, 3, 3, 2), (4, 1, 3, 2)), tops).check_laws()


def test_counts_labels_among_the_best() -> None:
    scores = torch.tensor([[0.1, 0.5, 0.4], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
    label = torch.tensor([2.0, 0.0, 0.0, 1.9])

    found = [case(f"top_k: {k}", ((4, 3), (4,))).run(scores, label)[0].item() for k in (1, 2, 3)]

    assert found == [0.25, 0.75, 1.0]


def test_equal_scores_count_against_the_label() -> None:
    scores, label = torch.ones(2, 3), torch.zeros(2)

    assert case("", ((2, 3), (2,))).run(scores, label)[0].item() == 0
    assert case("top_k: 2", ((2, 3), (2,))).run(scores, label)[0].item() == 0
    assert case("top_k: 3", ((2, 3), (2,))).run(scores, label)[0].item() == 1


def test_a_nan_score_of_the_label_is_a_hit_and_one_of_a_rival_does_not_beat_it() -> None:
    scores = torch.tensor([[math.nan, math.nan], [math.nan, 1.0], [1.0, math.nan]])

    (share,) = case("", ((3, 2), (3,))).run(scores, torch.tensor([0.0, 0.0, 0.0]))

    assert share.item() == 1


def test_ignored_labels_count_nowhere() -> None:
    scores = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])

    share, per_class = case("ignore_label: 255", ((3, 2), (3,)), tops=2).run(
        scores, torch.tensor([0.0, 255.0, 1.0])
    )

    assert share.item() == 0.5
    assert per_class.tolist() == [1, 0]


def test_what_nothing_counts_in_is_zero() -> None:
    share, per_class = case("ignore_label: 1", ((2, 2), (2,)), tops=2).run(
        torch.zeros(2, 2), torch.ones(2)
    )

    assert share.item() == 0
    assert per_class.tolist() == [0, 0]


def test_a_label_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^label 2 is outside 0 .. 1$"):
        case("", ((1, 2), (1,))).run(torch.zeros(1, 2), torch.tensor([2.0]))


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("top_k: 4", ((2, 3), (2,)), "`top_k` 4 is more than the 3 classes"),
        (
            "",
            ((2, 3), (3,)),
            (
                "bottom 0 of shape (2, 3) makes 2 predictions, "
                "but bottom 1 of shape (3,) holds 3 labels"
            ),
        ),
        ("axis: 2", ((2, 3), (2,)), "axis 2 is out of range for a bottom of shape (2, 3)"),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(params, bottoms).refusal() == message
