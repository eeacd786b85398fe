import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.mirror import copy, mirror
from tests.data.builders import random_images

Pixels = NDArray[np.uint8 | np.float32]


def rooms(dtype: type[np.uint8 | np.float32], channels: int) -> list[Pixels]:
    """Room for images as planes, and as rows of pixels."""
    rows = np.zeros((2, 5, 7, channels), dtype)
    return [np.zeros((2, channels, 5, 7), dtype), rows.transpose(0, 3, 1, 2)]


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_image_is_put_in_its_place(
    dtype: type[np.uint8 | np.float32], channels: int, mirrored: bool
) -> None:
    planes = random_images(1, channels, 9, 11)[0].astype(dtype)
    rows = np.ascontiguousarray(planes.transpose(1, 2, 0)).transpose(2, 0, 1)
    for whole in (planes, rows, planes[::-1], rows[::-1]):
        image = whole[:, 2:7, 3:10]
        for room in rooms(dtype, channels):
            copy(image, room[1], mirrored=mirrored)

            np.testing.assert_array_equal(room[1], image[..., ::-1] if mirrored else image)
            assert not room[0].any()


@pytest.mark.parametrize("width", [1, 6, 7])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_of_a_batch_are_mirrored_where_they_are(
    dtype: type[np.uint8 | np.float32], width: int
) -> None:
    images = random_images(4, 3, 5, width).astype(dtype)
    expected = images.copy()
    expected[[1, 3]] = images[[1, 3]][..., ::-1]

    mirror(images, np.array([False, True, False, True]))

    np.testing.assert_array_equal(images, expected)
