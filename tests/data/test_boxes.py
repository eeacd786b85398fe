"""Boxes that move with their image."""

import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data import boxes
from protonet.layers.annotated_data import BatchSampler
from protonet.message.augmentation import EmitConstraint, ResizeParameter


def made(*corners: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """Boxes of the classes 1, 2 ..., each of another instance."""
    rows = [(at, at + 10, *corner, at % 2) for at, corner in enumerate(corners, 1)]
    return np.array(rows, np.float32).reshape(-1, 7)


def part(*corners: float) -> NDArray[np.float32]:
    return np.array(corners, np.float32)


def sampler(**fields: object) -> BatchSampler:
    return BatchSampler.model_validate(fields)


def close(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_part_sees_boxes_in_its_own_shares_and_clips_them() -> None:
    given = made((0.1, 0.1, 0.3, 0.3), (0.4, 0.4, 0.9, 0.9), (0.8, 0.1, 0.9, 0.2))

    found = boxes.project(given, part(0.2, 0.2, 0.7, 0.7))

    close(found, np.array([[1, 11, 0, 0, 0.2, 0.2, 1], [2, 12, 0.4, 0.4, 1, 1, 0]], np.float32))
    close(given[0, 2:6], part(0.1, 0.1, 0.3, 0.3))


def test_a_larger_canvas_makes_boxes_smaller() -> None:
    close(boxes.project(made((0, 0, 1, 1)), part(-1, 0, 1, 2))[0, 2:6], part(0.5, 0, 1, 0.5))


@pytest.mark.parametrize(
    ("constraint", "kept"),
    [
        (None, [1, 2]),
        (EmitConstraint(), [2]),
        (EmitConstraint(emit_type=EmitConstraint.EmitType.MIN_OVERLAP, emit_overlap=0.2), [1, 2]),
        (EmitConstraint(emit_type=EmitConstraint.EmitType.MIN_OVERLAP, emit_overlap=0.3), [2]),
    ],
)
def test_which_boxes_a_part_keeps(constraint: EmitConstraint | None, kept: list[int]) -> None:
    given = made((0, 0, 0.38, 0.38), (0.3, 0.3, 0.5, 0.5))  # 22 % of the first are seen

    found = boxes.project(given, part(0.2, 0.2, 0.6, 0.6), constraint)

    assert found[:, 0].tolist() == kept


def test_a_box_without_area_is_dropped() -> None:
    assert len(boxes.project(made((0.5, 0.2, 0.5, 0.8)), part(0, 0, 1, 1))) == 0


def test_a_mirror_swaps_left_and_right() -> None:
    close(boxes.mirror(made((0.1, 0.2, 0.4, 0.5)))[0, 2:6], part(0.6, 0.2, 0.9, 0.5))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((50, 100), (0, 0.25, 1, 0.75)), ((100, 50), (0.25, 0, 0.75, 1)), ((80, 80), (0, 0, 1, 1))],
)
def test_padding_makes_boxes_smaller(size: tuple[int, int], expected: tuple[float, ...]) -> None:
    padded = ResizeParameter(
        resize_mode=ResizeParameter.Resize_mode.FIT_LARGE_SIZE_AND_PAD, height=300, width=300
    )

    close(boxes.pad(made((0, 0, 1, 1)), padded, *size)[0, 2:6], part(*expected))
    warped = ResizeParameter(height=300, width=300)
    close(boxes.pad(made((0, 0, 1, 1)), warped, *size)[0, 2:6], part(0, 0, 1, 1))


def test_boxes_may_be_in_units_of_another_size() -> None:
    small = ResizeParameter(
        resize_mode=ResizeParameter.Resize_mode.FIT_SMALL_SIZE,
        height=300,
        width=300,
        height_scale=200,
        width_scale=600,
    )
    given = made((0, 0, 1, 0.5))

    close(boxes.extrapolate(given, small, (300, 300))[0, 2:6], part(0, 0, 0.5, 0.75))
    close(boxes.extrapolate(given, ResizeParameter(), (300, 300)), given)


NO_BOXES = made()
RANDOM = {"min_scale": 0.3, "min_aspect_ratio": 0.5, "max_aspect_ratio": 2}


def test_without_bounds_the_whole_image_is_the_part() -> None:
    found = boxes.sample(NO_BOXES, [sampler(max_sample=1)], np.random.default_rng(1701))

    assert found is not None
    assert found.tolist() == [0, 0, 1, 1]


def test_parts_lie_within_the_image_and_within_bounds() -> None:
    random = np.random.default_rng(1701)
    one = sampler(max_sample=1, max_trials=1, sampler=RANDOM)

    found = np.array([boxes.sample(NO_BOXES, [one], random) for _ in range(200)])

    width, height = (found[:, 2:] - found[:, :2]).T
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.sqrt(width * height).min() > 0.299
    assert (width / height).min() > 0.499
    assert (width / height).max() < 2.001
    assert found[:, :2].std() > 0.1


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("min_jaccard_overlap", 0.3),
        ("max_jaccard_overlap", 0.2),
        ("min_sample_coverage", 0.4),
        ("max_sample_coverage", 0.3),
        ("min_object_coverage", 0.9),
        ("max_object_coverage", 0.5),
    ],
)
def test_a_part_holds_its_constraint(bound: str, value: float) -> None:
    random = np.random.default_rng(1701)
    corners = part(0.25, 0.25, 0.75, 0.75)
    one = sampler(max_sample=1, sampler=RANDOM, sample_constraint={bound: value})

    found = [boxes.sample(made((0.25, 0.25, 0.75, 0.75)), [one], random) for _ in range(50)]

    for each in found:
        assert each is not None
        low, high = np.maximum(each[:2], corners[:2]), np.minimum(each[2:], corners[2:])
        shared, own = float((high - low).clip(0).prod()), float((each[2:] - each[:2]).prod())
        measured = {
            "jaccard_overlap": shared / (own + 0.25 - shared),
            "sample_coverage": shared / own,
            "object_coverage": shared / 0.25,
        }[bound[4:]]
        assert measured >= value if bound[:3] == "min" else measured <= value


def test_where_nothing_holds_there_is_no_part() -> None:
    random = np.random.default_rng(1701)
    given = made((0.4, 0.4, 0.5, 0.5))
    never = sampler(sample_constraint={"min_jaccard_overlap": 0.9})

    assert boxes.sample(given, [never], random) is None
    assert boxes.sample(NO_BOXES, [never], random) is None
    assert boxes.sample(NO_BOXES, [sampler(use_original_image=False)], random) is None
    assert boxes.sample(NO_BOXES, [sampler(max_trials=0)], random) is None


def test_a_sampler_gives_at_most_so_many_parts() -> None:
    random = np.random.default_rng(1701)
    whole, small = (
        sampler(max_sample=1),
        sampler(max_sample=3, sampler={**RANDOM, "max_scale": 0.5}),
    )

    found = [boxes.sample(NO_BOXES, [whole, small], random) for _ in range(400)]

    wholes = sum(each is not None and each.tolist() == [0, 0, 1, 1] for each in found)
    assert 60 < wholes < 140  # one part of four
