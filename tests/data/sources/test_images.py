import re

import cv2
import numpy as np
import pytest

from protonet.data.sources.images import Colour, decode
from tests.data.builders import png, random_images

(COLOUR,) = random_images(1, 3, 4, 5)
(GRAY,) = random_images(1, 1, 4, 5)


def test_channels_are_blue_green_red() -> None:
    np.testing.assert_array_equal(decode(png(COLOUR), Colour.AS_STORED), COLOUR)
    np.testing.assert_array_equal(decode(png(COLOUR), Colour.BGR), COLOUR)


def test_gray_stays_gray_only_as_stored() -> None:
    np.testing.assert_array_equal(decode(png(GRAY), Colour.AS_STORED), GRAY)
    np.testing.assert_array_equal(decode(png(GRAY), Colour.BGR), np.repeat(GRAY, 3, 0))
    assert decode(png(COLOUR), Colour.GRAY).shape == (1, 4, 5)


def test_it_resizes_to_height_and_width() -> None:
    resized = decode(png(COLOUR), Colour.BGR, (2, 7))

    assert resized.shape == (3, 2, 7)
    expected = np.asarray(cv2.resize(COLOUR.transpose(1, 2, 0), (7, 2)), np.uint8)
    np.testing.assert_array_equal(resized.transpose(1, 2, 0), expected)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "it is empty"),
        (b"no image", "OpenCV cannot decode it as an image"),
        (png(COLOUR)[:40], "the PNG is cut short"),
        (
            cv2.imencode(".png", np.zeros((2, 2), np.uint16))[1].tobytes(),
            "its values are of type uint16, not bytes",
        ),
        (
            cv2.imencode(".pgm", np.zeros((1, 1), np.uint8))[1]
            .tobytes()
            .replace(b"1 1", b"60000 60000"),
            "OpenCV says",
        ),
    ],
)
def test_what_cannot_be_decoded_is_refused(file: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        decode(file, Colour.AS_STORED)
