"""The bytes of a Datum, as Caffe's tools write them, and what is seen of a record."""

from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np
from protonet.shape import Shape
from protonet.weights.scan import encode_varint, length_delimited

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DATA, _FLOAT_TAG = 4, 6 << 3 | 5
_RAW, _ENCODED = b"\x38\x00", b"\x38\x01"  # `encoded`: Caffe writes it in both cases


RAW, FLOATS, ENCODED = "raw", "floats", "encoded"
"""How an image is stored."""


class Seen(NamedTuple):
    """What is known of a record that was not decoded.

    Attributes:
        label: Its class.
        form: How it is stored: raw, as floats, or as a file of some kind.
        shape: Channels, height and width, if they are known.
    """

    label: int
    form: str
    shape: Shape | None


def raw_datum(pixels: "NDArray[np.uint8]", label: int) -> bytes:
    """Return an image's pixels ``(C, H, W)`` and its class (io.cpp, CVMatToDatum)."""
    data = length_delimited(_DATA, np.ascontiguousarray(pixels).tobytes())
    return _extents(pixels.shape) + data + _label(label) + _RAW


def encoded_datum(file: bytes, label: int) -> bytes:
    """Return an image's file and its class (io.cpp, ReadFileToDatum)."""
    return length_delimited(_DATA, file) + _label(label) + _ENCODED


def float_datum(values: "NDArray[np.float32]") -> bytes:
    """Return values ``(C, H, W)`` without a class (extract_features.cpp)."""
    items = np.empty(values.size, [("tag", "u1"), ("value", "<f4")])
    items["tag"] = _FLOAT_TAG
    items["value"] = values.reshape(-1)
    return _extents(values.shape) + items.tobytes()


def _extents(shape: Shape) -> bytes:
    return b"".join(bytes([n << 3]) + encode_varint(extent) for n, extent in enumerate(shape, 1))


def _label(label: int) -> bytes:
    return b"\x28" + encode_varint(label & (2**64 - 1))
