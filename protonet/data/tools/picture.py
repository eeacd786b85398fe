"""An image file to what a database holds of it (Caffe's io.cpp)."""

from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import cv2, np
from protonet.data.sources.images import Colour, decode
from protonet.data.tools.records import encoded_datum, raw_datum

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Picturing(NamedTuple):
    """What is done to each image.

    Attributes:
        gray: Make one channel instead of three.
        resize: Height and width, or the length of the shorter side; bilinear.
        encode: Store a file of this kind instead of pixels: ``jpg``, ``png``; empty for the kind
            that the image's name says; None stores pixels.
    """

    gray: bool = False
    resize: tuple[int, int] | int | None = None
    encode: str | None = None

    def pixels(self, file: bytes) -> "NDArray[np.uint8]":
        """Return the pixels of a file, ``(C, H, W)``.

        Raises:
            ValueError: It is no image.
        """
        colour = Colour.GRAY if self.gray else Colour.BGR
        if not isinstance(self.resize, int):
            return decode(file, colour, self.resize)
        pixels = decode(file, colour)
        return _resized(pixels, _by_shorter(pixels.shape[1:], self.resize))

    def datum(self, file: bytes, name: str, pixels: "NDArray[np.uint8]", label: int) -> bytes:
        """Return the bytes of the Datum.

        Args:
            file: The image's file.
            name: Its name.
            pixels: Its pixels, as `pixels` gives them.
            label: Its class.

        Raises:
            ValueError: OpenCV writes no files of that kind.
        """
        if self.encode is None:
            return raw_datum(pixels, label)
        kind = self.encode or _ending(name)
        # A file that has the kind already is stored as it is, though it be gray.
        if self.resize is None and _is_kind(_ending(name), kind):
            return encoded_datum(file, label)
        return encoded_datum(_encoded(pixels, kind), label)


PLAIN = Picturing()
"""Pixels in colour, of the size that they have."""


def _by_shorter(extents: tuple[int, ...], shorter: int) -> tuple[int, int]:
    height, width = extents
    if height < width:
        return shorter, round(width * shorter / height)
    return round(height * shorter / width), shorter


def _resized(pixels: "NDArray[np.uint8]", size: tuple[int, int]) -> "NDArray[np.uint8]":
    if pixels.shape[1:] == size:
        return pixels
    rows = cv2.resize(pixels.transpose(1, 2, 0), size[::-1])
    return (rows[None] if rows.ndim == 2 else rows.transpose(2, 0, 1)).astype(np.uint8, copy=False)  # noqa: PLR2004 # gray


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _is_kind(ending: str, kind: str) -> bool:
    return ending == kind or (ending, kind) == ("jpeg", "jpg")


def _encoded(pixels: "NDArray[np.uint8]", kind: str) -> bytes:
    rows = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    try:
        done, file = cv2.imencode(f".{kind}", rows)
    except cv2.error:
        done, file = False, None
    if not done or file is None:
        raise ValueError(f"OpenCV writes no images of the kind `{kind}`")
    return file.tobytes()
