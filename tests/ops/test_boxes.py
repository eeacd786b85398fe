"""Boxes: coding, overlaps, suppression."""

from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from protonet.ops import boxes
from protonet.ops.boxes import CodeType, Coding, decode, encode, overlaps, sorted_ranks, suppress

SEED = 1701


def rows_of(x: Tensor) -> list[list[float]]:
    """The values of a matrix."""
    return cast("list[list[float]]", x.tolist())  # torch says nothing of its type


def some_boxes(*shape: int, seed: int = SEED, extent: float = 0.4) -> Tensor:
    """Boxes of random places and sizes, some beyond the image."""
    draw = torch.Generator().manual_seed(seed)
    start = torch.rand(*shape, 2, generator=draw, dtype=torch.float64) * 1.2 - 0.2
    size = torch.rand(*shape, 2, generator=draw, dtype=torch.float64) * extent + 0.05
    return torch.cat((start, start + size), -1)


def area_of(box: list[float]) -> float:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap_of(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    return width * height / (area_of(a) + area_of(b) - width * height)


def suppressed(rows: list[list[float]], threshold: float, eta: float) -> list[bool]:
    """Box by box, as ``ApplyNMSFast`` of the SSD fork."""
    kept, flags = list[list[float]](), list[bool]()
    for row in rows:
        flags.append(all(overlap_of(row, other) <= threshold for other in kept))
        if flags[-1]:
            kept.append(row)
            threshold *= eta if eta < 1 and threshold > 0.5 else 1
    return flags


@pytest.mark.parametrize("code", CodeType)
def test_decoding_is_the_inverse_of_encoding(code: CodeType) -> None:
    wanted, priors = some_boxes(3, 7), some_boxes(7, seed=1)

    torch.testing.assert_close(decode(encode(wanted, priors, code), priors, code), wanted)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (CodeType.CORNER, [0.1, 0.1, 0.3, 0.5]),
        (CodeType.CORNER_SIZE, [0.5, 0.25, 1.5, 1.25]),
        (CodeType.CENTER_SIZE, [1.0, 0.75, 0.6931471805599453, 0.6931471805599453]),
    ],
)
def test_codes_of_a_box_that_moved_and_doubled(code: CodeType, expected: list[float]) -> None:
    prior, box = torch.tensor([[0.2, 0.2, 0.4, 0.6], [0.3, 0.3, 0.7, 1.1]]).double()

    torch.testing.assert_close(encode(box, prior, code), torch.tensor(expected).double())


@pytest.mark.parametrize(("in_target", "expected"), [(False, 0.3), (True, 1.2)])
def test_predictions_are_scaled_by_the_variance_unless_targets_are(
    in_target: bool, expected: float
) -> None:
    coding = Coding(CodeType.CORNER, variance_in_target=in_target)

    box = coding.boxes(torch.ones(4), torch.full((4,), 0.2), torch.full((4,), 0.1))

    torch.testing.assert_close(box, torch.full((4,), expected))


def test_overlaps_are_intersections_over_unions() -> None:
    first, second = some_boxes(2, 5), some_boxes(2, 6, seed=1)

    expected = [
        [[overlap_of(a, b) for b in rows_of(second[n])] for a in rows_of(first[n])]
        for n in range(2)
    ]
    torch.testing.assert_close(overlaps(first, second), torch.tensor(expected).double())


def test_a_box_that_ends_before_it_starts_has_no_area_and_overlaps_nothing() -> None:
    odd = torch.tensor([[0.6, 0.1, 0.4, 0.9], [0.5, 0.5, 0.5, 0.5]])

    assert boxes.areas(odd).tolist() == [0, 0]
    assert overlaps(odd, torch.cat((odd, torch.tensor([[0.0, 0, 1, 1]])))).tolist() == [[0] * 3] * 2


@pytest.mark.parametrize("budget", [boxes.BUDGET, 200, 1])
@pytest.mark.parametrize(("threshold", "eta"), [(0.3, 1), (0.45, 0.5), (0.8, 0.9), (0, 1), (1, 1)])
def test_suppression_is_that_of_one_box_after_the_other(
    threshold: float, eta: float, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boxes, "BUDGET", budget)
    rows = some_boxes(3, 40)
    present = torch.ones(3, 40, dtype=torch.bool)

    kept = suppress(rows, present, threshold=threshold, eta=eta)

    assert kept.tolist() == [suppressed(rows_of(row), threshold, eta) for row in rows]


@given(st.integers(0, 10**6), st.integers(1, 30), st.floats(0.01, 0.99), st.floats(0.1, 1.0))
@settings(max_examples=30, deadline=None)
def test_suppression_holds_for_any_boxes(
    seed: int, number: int, threshold: float, eta: float
) -> None:
    rows = some_boxes(1, number, seed=seed, extent=0.8)

    kept = suppress(rows, torch.ones(1, number, dtype=torch.bool), threshold=threshold, eta=eta)

    # The threshold is a 32-bit number in Caffe; no overlap here is that close to it.
    assert kept[0].tolist() == suppressed(rows_of(rows[0]), threshold, eta)


def test_a_threshold_that_hardly_falls_is_not_counted_down_for_ever() -> None:
    rows = some_boxes(1, 5)

    kept = suppress(rows, torch.ones(1, 5) > 0, threshold=0.51, eta=0.99999994)

    assert kept[0].tolist() == suppressed(rows_of(rows[0]), 0.51, 0.99999994)


def test_what_fills_a_row_neither_stays_nor_suppresses() -> None:
    rows = torch.tensor([[0.0, 0, 1, 1]]).expand(1, 3, 4)

    kept = suppress(rows, torch.tensor([[False, True, True]]), threshold=0.5)

    assert kept.tolist() == [[False, True, False]]


def test_a_row_without_boxes_keeps_none() -> None:
    assert suppress(torch.zeros(2, 0, 4), torch.zeros(2, 0) > 0, threshold=0.5).shape == (2, 0)


def test_equal_scores_keep_their_order_in_their_group() -> None:
    group, score = torch.tensor([1, 0, 1, 0, 1]), torch.tensor([0.5, 0.1, 0.9, 0.1, 0.5])

    order, rank = sorted_ranks(group, score)

    assert (order.tolist(), rank.tolist()) == ([1, 3, 2, 0, 4], [0, 1, 0, 1, 2])
