"""Random colours."""

import cv2
import numpy as np
import pytest

from protonet.data.colours import DRAWS, distorted, jittered
from protonet.message.augmentation import ColorJitterParameter, DistortionParameter
from tests.data.builders import Array, random_images

ROWS: Array = random_images(1, 6, 8, 3)[0]
GRAY: Array = random_images(1, 6, 8, 1)[0]


def rounded(values: "np.ndarray[tuple[int, ...], np.dtype[np.floating]]") -> Array:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def draws(**chosen: float) -> list[float]:
    """Numbers of a distortion by their places; nothing happens by default."""
    numbers = [1.0] * DRAWS
    for place, number in chosen.items():
        numbers[int(place.removeprefix("n"))] = number
    return numbers


@pytest.mark.parametrize("rows", [ROWS, GRAY])
def test_nothing_asked_for_nothing_changed(rows: Array) -> None:
    np.testing.assert_array_equal(jittered(rows, ColorJitterParameter(), [1] * 4), rows)
    np.testing.assert_array_equal(distorted(rows, DistortionParameter(), [0] * DRAWS), rows)


@pytest.mark.parametrize("rows", [ROWS, GRAY])
def test_brightness_is_a_factor(rows: Array) -> None:
    p = ColorJitterParameter(brightness=0.5)

    np.testing.assert_array_equal(jittered(rows, p, [0, 0, 0, 0]), rounded(rows * 0.5))
    np.testing.assert_array_equal(jittered(rows, p, [1, 0, 0, 0]), rounded(rows * 1.5))
    black = jittered(rows, ColorJitterParameter(brightness=2), [0, 0, 0, 0])
    np.testing.assert_array_equal(black, np.zeros_like(rows))


@pytest.mark.parametrize("rows", [ROWS, GRAY])
def test_contrast_is_about_the_mean_gray(rows: Array) -> None:
    gray = cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY) if rows.shape[2] == 3 else rows
    flat = jittered(rows, ColorJitterParameter(contrast=1), [0, 0, 0, 0])

    np.testing.assert_array_equal(flat, rounded(np.full(rows.shape, gray.mean())))


def test_saturation_is_about_each_pixels_gray() -> None:
    gray = cv2.cvtColor(ROWS, cv2.COLOR_BGR2GRAY)[..., None].repeat(3, 2)

    faded = jittered(ROWS, ColorJitterParameter(saturation=1), [0, 0, 0, 0])

    np.testing.assert_array_equal(faded, gray)


def test_hue_goes_round() -> None:
    red = np.array([[[0, 0, 255]]], np.uint8)
    p = ColorJitterParameter(hue=0.5)

    there = [jittered(red, p, [0, 0, 0, n])[0, 0].tolist() for n in (0, 1 / 6, 0.5, 5 / 6)]

    assert there == [[255, 255, 0], [255, 0, 0], [0, 0, 255], [0, 255, 0]]


def test_gray_has_no_saturation_and_no_hue() -> None:
    p = ColorJitterParameter(saturation=1, hue=0.5)

    np.testing.assert_array_equal(jittered(GRAY, p, [0, 0, 0, 0]), GRAY)


ALL = DistortionParameter(
    brightness_prob=0.5,
    brightness_delta=32,
    contrast_prob=0.5,
    contrast_lower=0.5,
    contrast_upper=1.5,
    hue_prob=0.5,
    hue_delta=18,
    saturation_prob=0.5,
    saturation_lower=0.5,
    saturation_upper=1.5,
    random_order_prob=0.5,
)


def test_the_order_of_brightness_and_contrast_is_that_of_the_fork() -> None:
    first = distorted(ROWS, ALL, draws(n0=0.9, n1=0, n2=1, n3=0, n4=1))
    last = distorted(ROWS, ALL, draws(n0=0.1, n1=0, n2=1, n3=0, n4=1))

    expected = rounded(rounded(ROWS + 32.0) * 1.5)
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(last, expected)


def test_contrast_comes_before_or_after_the_hue() -> None:
    places = {"n3": 0.0, "n4": 0.0, "n7": 0.0, "n8": 1.0}

    before = distorted(ROWS, ALL, draws(n0=0.9, **places))
    after = distorted(ROWS, ALL, draws(n0=0.1, **places))

    hued = distorted(ROWS, ALL, draws(n7=0, n8=1))
    np.testing.assert_array_equal(after, rounded(hued * 0.5))
    np.testing.assert_array_equal(before, distorted(rounded(ROWS * 0.5), ALL, draws(n7=0, n8=1)))


def test_saturation_and_hue_are_those_of_opencv() -> None:
    hsv = cv2.cvtColor(ROWS, cv2.COLOR_BGR2HSV)
    paler, turned = hsv.copy(), hsv.copy()
    paler[..., 1] = rounded(hsv[..., 1] * 0.5)
    turned[..., 0] = np.clip(hsv[..., 0].astype(int) - 18, 0, 255)

    np.testing.assert_array_equal(
        distorted(ROWS, ALL, draws(n5=0, n6=0)), cv2.cvtColor(paler, cv2.COLOR_HSV2BGR)
    )
    np.testing.assert_array_equal(
        distorted(ROWS, ALL, draws(n7=0, n8=0)), cv2.cvtColor(turned, cv2.COLOR_HSV2BGR)
    )


def test_channels_may_change_places() -> None:
    np.testing.assert_array_equal(distorted(ROWS, ALL, draws(n9=0, n10=0.999)), ROWS[..., ::-1])


def test_gray_is_made_brighter_only() -> None:
    everything = [0.0, 0.0, 1.0, *[0.0] * 8]

    np.testing.assert_array_equal(
        distorted(GRAY, ALL, everything), rounded(rounded(GRAY + 32.0) * 0.5)
    )
