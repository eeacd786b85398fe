"""Images to a size."""

import cv2
import numpy as np
import pytest

from protonet.data.resizing import resized, resized_shape, shrunk
from protonet.message.augmentation import ResizeParameter
from protonet.message.common import TransformationParameter
from tests.data.builders import Array, random_images

ROWS: Array = random_images(1, 20, 30, 3)[0]
GRAY: Array = random_images(1, 20, 30, 1)[0]


def resize(**fields: object) -> ResizeParameter:
    return ResizeParameter.model_validate({"height": 10, "width": 10, **fields})


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [
        (1, (20, 30), (10, 10)),
        (2, (20, 30), (10, 15)),
        (2, (30, 20), (15, 10)),
        (2, (20, 20), (10, 10)),
        (3, (20, 30), (10, 10)),
        (3, (30, 20), (10, 10)),
    ],
)
def test_shapes_are_those_of_the_images(
    mode: int, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    rows = random_images(1, *size, 3)[0]
    param = TransformationParameter(resize_param=resize(resize_mode=mode))

    assert resized(rows, resize(resize_mode=mode), 0).shape == (*expected, 3)
    assert resized_shape(param, (3, *size)) == (3, *expected)


def test_the_shape_of_a_shorter_side() -> None:
    param = TransformationParameter(shorter_side=7)

    assert resized_shape(param, (3, 20, 30)) == (3, 7, 11)
    assert shrunk(ROWS, 7).shape == (7, 11, 3)
    assert shrunk(GRAY, 7).shape == (7, 11, 1)
    assert resized_shape(TransformationParameter(), (3, 20, 30)) == (3, 20, 30)


@pytest.mark.parametrize(("number", "mode"), [(0, "INTER_NEAREST"), (0.99, "INTER_LANCZOS4")])
def test_the_interpolation_is_drawn(number: float, mode: str) -> None:
    found = resized(ROWS, resize(interp_mode=(3, 5)), number)

    expected = cv2.resize(ROWS, (10, 10), interpolation=getattr(cv2, mode))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("fields", "above", "below"),
    [
        ({}, 0, 0),
        ({"pad_value": (7,)}, 7, 7),
        ({"pad_value": (1, 2, 3)}, [1, 2, 3], [1, 2, 3]),
    ],
)
def test_padding_is_of_one_colour(fields: dict[str, object], above: object, below: object) -> None:
    found = resized(ROWS, resize(resize_mode=3, **fields), 0)

    np.testing.assert_array_equal(found[2:8], cv2.resize(ROWS, (10, 6)))
    assert (found[:2] == np.array(above)).all()
    assert (found[8:] == np.array(below)).all()


def test_padding_may_show_the_edge() -> None:
    found = resized(GRAY, resize(resize_mode=3, pad_mode=3), 0)

    np.testing.assert_array_equal(found[0], found[2])
    assert found.shape == (10, 10, 1)
