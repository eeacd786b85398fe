"""Image files to pixels, by OpenCV as in Caffe."""

from enum import IntEnum
from typing import TYPE_CHECKING

from protonet.data._lazy import cv2, np
from protonet.data.sources.headers import check_header

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Colour(IntEnum):
    """What an image file becomes (OpenCV's ``ImreadModes``)."""

    AS_STORED = -1
    GRAY = 0
    BGR = 1


def decode(
    file: bytes | memoryview, colour: Colour, size: tuple[int, int] | None = None
) -> "NDArray[np.uint8]":
    """Return the image in a JPEG, PNG or other file, ``(C, H, W)``; a view of rows of pixels.

    Args:
        file: The bytes of the file.
        colour: Which channels to make.
        size: Height and width to resize to, bilinear.

    Raises:
        ValueError: It is cut short or cannot be decoded, or its values are no bytes.
    """
    if not len(file):
        raise ValueError("it is empty")
    check_header(memoryview(file))
    try:
        pixels = cv2.imdecode(np.frombuffer(file, np.uint8), int(colour))
    except cv2.error as error:
        raise ValueError(f"OpenCV says {error.err}") from error
    if pixels is None:  # pyright: ignore[reportUnnecessaryComparison] # OpenCV's way to say no
        raise ValueError("OpenCV cannot decode it as an image")
    if pixels.dtype != np.uint8:
        raise ValueError(f"its values are of type {pixels.dtype}, not bytes")
    if size is not None:
        pixels = cv2.resize(pixels, size[::-1])
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)  # noqa: PLR2004 # gray
    return planes.astype(np.uint8, copy=False)
