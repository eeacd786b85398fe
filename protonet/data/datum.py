"""Datum, the record of an image database, read off its bytes without copying the pixels.

Fields: 1 channels, 2 height, 3 width, 4 data, 5 label, 6 float_data, 7 encoded.
"""

from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np
from protonet.shape import Shape, count
from protonet.weights.scan import MalformedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VARINT, _FIXED64, _LEN, _FIXED32 = 0, 1, 2, 5
_FLOAT_TAG = 6 << 3 | _FIXED32


class Datum(NamedTuple):
    """One record.

    Attributes:
        shape: Channels, height, width; of an encoded image often nothing, the file says.
        data: Bytes, row by row and channel by channel, or an image file if ``encoded``.
        floats: Instead of bytes.
        label: The class.
        encoded: ``data`` is a JPEG, PNG or the like.
    """

    shape: Shape
    data: memoryview
    floats: "NDArray[np.float32] | None"
    label: int
    encoded: bool

    def pixels(self) -> "NDArray[np.uint8 | np.float32]":
        """Return the values of a datum that is not encoded, ``(C, H, W)``; a view.

        Raises:
            MalformedError: They are more or fewer than the shape says.
        """
        if len(self.data) or self.floats is None:
            values = np.frombuffer(self.data, np.uint8)
        else:
            values = self.floats
        if values.size != count(self.shape) or min(self.shape) < 1:
            raise MalformedError(f"{values.size:,} values do not fill the shape {self.shape}")
        return values.reshape(self.shape)


def scan(record: memoryview) -> Datum:
    """Read a Datum; its data is a view of the record.

    Raises:
        MalformedError: The bytes are no Datum.
    """
    return located(record)[0]


def located(record: memoryview) -> tuple[Datum, int]:
    """Read a Datum, and say at which byte its data begins.

    Raises:
        MalformedError: The bytes are no Datum.
    """
    numbers: dict[int, int] = {}
    data, floats, where = record[:0], list["NDArray[np.float32]"](), 0
    at, end = 0, len(record)
    while at < end:
        tag, start = _varint(record, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            numbers[number], at = _varint(record, start)
            continue
        if tag == _FLOAT_TAG and start == at + 1:  # a tag may be written longer than it need be
            at = _unpacked(record, at, floats)
            continue
        start, at = _extent(record, at, start, wire)
        if number == 4 and wire == _LEN:  # noqa: PLR2004 # data
            data, where = record[start:at], start
        elif number == 6 and wire in (_LEN, _FIXED32):  # noqa: PLR2004 # float_data, packed or one
            floats.append(np.frombuffer(record[start : at - (at - start) % 4], "<f4"))
    label = numbers.get(5, 0)
    datum = Datum(
        shape=(numbers.get(1, 0), numbers.get(2, 0), numbers.get(3, 0)),
        data=data,
        floats=np.concatenate(floats) if floats else None,
        label=label - 2**64 if label >> 63 else label,
        encoded=bool(numbers.get(7, 0)),
    )
    return datum, where


def _varint(record: memoryview, at: int) -> tuple[int, int]:
    try:
        value = record[at]
        if value < 0x80:  # noqa: PLR2004 # the bit that says that more follows
            return value, at + 1
        value &= 0x7F
        for place in range(1, 10):
            byte = record[at + place]
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:  # noqa: PLR2004 # as above
                return value & (2**64 - 1), at + place + 1
    except IndexError:
        raise MalformedError("it ends too early") from None
    raise MalformedError(f"the number at byte {at:,} does not end")


def _extent(record: memoryview, at: int, start: int, wire: int) -> tuple[int, int]:
    """Return where the value of a field that is no varint starts and ends."""
    if wire == _LEN:
        length, start = _varint(record, start)
    elif wire in (_FIXED32, _FIXED64):
        length = 4 if wire == _FIXED32 else 8
    else:
        raise MalformedError(f"there is no field at byte {at:,}")
    if start + length > len(record):
        raise MalformedError("it ends too early")
    return start, start + length


def _unpacked(record: memoryview, at: int, floats: "list[NDArray[np.float32]]") -> int:
    """Read the run of unpacked floats at ``at``, each behind its tag; return where it ends."""
    layout = np.dtype([("tag", "u1"), ("value", "<f4")])
    if len(record) - at < layout.itemsize:
        raise MalformedError("it ends too early")
    items = np.frombuffer(record, layout, (len(record) - at) // layout.itemsize, at)
    others = np.flatnonzero(items["tag"] != _FLOAT_TAG)
    run = int(others[0]) if others.size else items.size
    floats.append(items["value"][:run])
    return at + run * layout.itemsize
