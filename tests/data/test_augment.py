"""What `transform_param` does beyond Caffe, image by image."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.augment import NUMBERS, TRIES, Augmentation, box, planewise, turned
from protonet.data.seeds import Seed
from protonet.data.shard import WHOLE, Shard
from protonet.diagnostics import DiagnosticError
from protonet.message.augmentation import RandomCropParameter
from protonet.message.common import Phase, TransformationParameter
from tests.data.builders import random_images

IMAGE = random_images(1, 3, 12, 20)[0]


def augmentation(phase: Phase = Phase.TRAIN, **fields: object) -> Augmentation:
    param = TransformationParameter.model_validate(fields)
    return Augmentation(param, phase, Seed.of(1701, 0), "some")


def numbers(*first: float) -> NDArray[np.float64]:
    return np.array([*first, *[0.5] * (NUMBERS - len(first))])


@pytest.mark.parametrize(
    ("fields", "acts", "is_random"),
    [
        ({}, set[Phase](), set[Phase]()),
        ({"crop_size": 2, "mirror": True, "std_value": (2,)}, set[Phase](), set[Phase]()),
        ({"shorter_side": 6}, set(Phase), set[Phase]()),
        ({"rotate": 5}, {Phase.TRAIN}, {Phase.TRAIN}),
        ({"random_crop": {}, "crop_size": 4}, {Phase.TRAIN}, {Phase.TRAIN}),
        ({"color_jitter": {"hue": 0.1}}, {Phase.TRAIN}, {Phase.TRAIN}),
        ({"resize_param": {"height": 4, "width": 4}}, set(Phase), set[Phase]()),
        (
            {"resize_param": {"height": 4, "width": 4, "interp_mode": (1, 2)}},
            set(Phase),
            set(Phase),
        ),
    ],
)
def test_only_what_is_asked_for_is_done(
    fields: dict[str, object], acts: set[Phase], is_random: set[Phase]
) -> None:
    both = {phase: augmentation(phase, **fields) for phase in Phase}

    assert {phase for phase, a in both.items() if a.acts} == acts
    assert {phase for phase, a in both.items() if a.is_random} == is_random


def test_numbers_belong_to_a_position_whoever_draws_them() -> None:
    a = augmentation(rotate=5)

    whole = a.draws(12, 6, WHOLE)
    shares = [a.draws(12, 3, Shard(rank, 2)) for rank in range(2)]

    assert whole.shape == (NUMBERS, 6)
    np.testing.assert_array_equal(whole[:, ::2], shares[0])
    np.testing.assert_array_equal(whole[:, 1::2], shares[1])
    assert not np.array_equal(whole, a.draws(18, 6, WHOLE))
    assert not augmentation(shorter_side=4).draws(0, 2, WHOLE).any()


@pytest.mark.parametrize(
    ("shape", "expected"), [((3, 12, 20), (3, 6, 10)), ((1, 20, 12), (1, 10, 6))]
)
def test_the_shorter_side_is_resized_and_the_aspect_kept(
    shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    image = random_images(1, *shape)[0]

    assert augmentation(shorter_side=6).apply(image, numbers()).shape == expected


def test_a_quarter_turn_is_counterclockwise() -> None:
    rows = random_images(1, 5, 5, 3)[0]

    np.testing.assert_array_equal(turned(rows, 90), np.rot90(rows))
    np.testing.assert_array_equal(turned(rows, 0), rows)


def test_angles_are_drawn_both_ways() -> None:
    a = augmentation(rotate=90)
    square = random_images(1, 3, 5, 5)[0]
    left, still, right = (a.apply(square, numbers(0, n)) for n in (1, 0.5, 0))

    np.testing.assert_array_equal(left, np.rot90(square, axes=(1, 2)))
    np.testing.assert_array_equal(still, square)
    np.testing.assert_array_equal(right, np.rot90(square, -1, axes=(1, 2)))


def test_a_random_box_has_the_size_of_the_crop_in_train() -> None:
    fields: dict[str, Any] = {"random_crop": {"min_area": 0.2}, "crop_size": 7}

    assert augmentation(**fields).apply(IMAGE, numbers()).shape == (3, 7, 7)
    assert augmentation(Phase.TEST, **fields).apply(IMAGE, numbers()).shape == IMAGE.shape


def test_boxes_have_areas_and_aspects_within_bounds() -> None:
    p = RandomCropParameter(min_area=0.1, max_area=0.5, min_aspect=0.5, max_aspect=2)
    random = np.random.default_rng(1701)

    found = np.array(
        [box((300, 400), p, random.random(2 * TRIES), random.random(2)) for _ in range(300)]
    )

    top, left, height, width = found.T
    area, aspect = height * width / (300 * 400), width / height
    assert (area.min() > 0.098, area.max() < 0.502, aspect.min() > 0.49, aspect.max() < 2.04) == (
        (True,) * 4
    )
    assert area.std() > 0.1
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 300).all()
    assert (left + width <= 400).all()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((10, 100), (0, 43, 10, 13)), ((100, 10), (43, 0, 13, 10)), ((1, 1), (0, 0, 1, 1))],
)
def test_where_no_box_fits_the_largest_central_one_is_taken(
    shape: tuple[int, int], expected: tuple[int, ...]
) -> None:
    p = RandomCropParameter(min_area=0.9)

    assert box(shape, p, np.full(2 * TRIES, 0.5), np.zeros(2)) == expected


def test_a_box_may_reach_every_edge() -> None:
    p = RandomCropParameter(min_area=0.25, max_area=0.25, min_aspect=1, max_aspect=1)
    half = np.full(2 * TRIES, 0.5)

    assert box((8, 8), p, half, np.zeros(2)) == (0, 0, 4, 4)
    assert box((8, 8), p, half, np.full(2, 0.999)) == (4, 4, 4, 4)


def test_images_of_many_channels_are_changed_plane_by_plane() -> None:
    rows = random_images(1, 6, 6, 9)[0]

    np.testing.assert_array_equal(planewise(lambda part: part * 2, rows), rows * 2)
    assert augmentation(rotate=30).apply(rows.transpose(2, 0, 1), numbers(0, 0.8)).shape == (
        9,
        6,
        6,
    )


def test_floats_are_turned_but_have_no_colours() -> None:
    image = IMAGE.astype(np.float32) / 7

    assert augmentation(rotate=10).apply(image, numbers(0, 0.9)).dtype == np.float32
    with pytest.raises(DiagnosticError, match=r"PN517.*changes bytes, but `some` holds floats"):
        augmentation(color_jitter={"hue": 0.1}).apply(image, numbers())


def test_colours_change_in_train_only() -> None:
    fields: dict[str, Any] = {"color_jitter": {"brightness": 0.5}}

    brighter = augmentation(**fields).apply(IMAGE, numbers(0, 0.5, 1))

    np.testing.assert_array_equal(brighter, np.clip(np.rint(IMAGE * 1.5), 0, 255).astype(np.uint8))
    np.testing.assert_array_equal(
        augmentation(Phase.TEST, **fields).apply(IMAGE, numbers(0, 0.5, 1)), IMAGE
    )
