"""The fields of protobuf messages by their place, without reading what they hold.

Weights are bulk: a scanner that looks at tags and lengths only opens a model of 500 MB in
milliseconds. Small messages go through ``message.wire``.
"""

from collections.abc import Iterator
from enum import IntEnum
from mmap import mmap
from typing import NamedTuple

Buffer = mmap | bytes


class Wire(IntEnum):
    """How a field is written."""

    VARINT = 0
    I64 = 1
    LEN = 2
    I32 = 5


class MalformedError(Exception):
    """These bytes are no message; ``str()`` says why."""


class Field(NamedTuple):
    """One field; what it holds stands from ``start`` to ``end``."""

    number: int
    wire: Wire
    start: int
    end: int


_WIRES = {int(wire): wire for wire in Wire}
_EXTENTS = {Wire.I64: 8, Wire.I32: 4}
_VARINT_LIMIT = 10


class Scanner:
    """Iterates over the fields of the message from ``at`` to ``end``; set ``at`` to skip some."""

    def __init__(self, data: Buffer, at: int, end: int) -> None:
        self.data = data
        self.at = at
        self.end = end

    def __iter__(self) -> Iterator[Field]:
        while self.at < self.end:
            yield self._field()

    def _field(self) -> Field:
        tag, start = varint(self.data, self.at, self.end)
        wire = _WIRES.get(tag & 7)
        if wire is None or tag >> 3 == 0:
            raise MalformedError(f"there is no field at byte {self.at:,}")
        if wire is Wire.VARINT:
            _, end = varint(self.data, start, self.end)
        elif wire is Wire.LEN:
            length, start = varint(self.data, start, self.end)
            end = start + length
        else:
            end = start + _EXTENTS[wire]
        if end > self.end:
            raise MalformedError(
                f"the field at byte {self.at:,} ends at byte {end:,}, "
                f"{end - self.end:,} past the end"
            )
        self.at = end
        return Field(tag >> 3, wire, start, end)

    def integer(self, field: Field) -> int:
        """Return the value of a varint field as a signed 64-bit integer."""
        value, _ = varint(self.data, field.start, field.end)
        return signed(value)

    def text(self, field: Field) -> str:
        """Return the value of a string field; bytes that are no UTF-8 become lone surrogates."""
        return self.data[field.start : field.end].decode("utf-8", errors="surrogateescape")

    def message(self, field: Field) -> "Scanner":
        """Return the fields of a message field."""
        return Scanner(self.data, field.start, field.end)


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return an unsigned varint of at most 64 bits, and the offset after it."""
    value = 0
    for place, offset in enumerate(range(at, min(end, at + _VARINT_LIMIT))):
        byte = data[offset]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 # the bit that says that more follows
            return value & (2**64 - 1), offset + 1
    raise MalformedError(f"the number at byte {at:,} does not end")


def signed(value: int) -> int:
    """Return an unsigned 64-bit integer as signed."""
    return value - 2**64 if value >> 63 else value


def encode_varint(value: int) -> bytes:
    """Return a non-negative integer as a varint."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 # seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_text(text: str) -> bytes:
    """Return the bytes of a string field; lone surrogates become the bytes that they stand for."""
    return text.encode("utf-8", errors="surrogateescape")


def length_delimited(number: int, payload: bytes, more: int = 0) -> bytes:
    """Return a LEN field of ``payload``, whose length counts ``more`` bytes that follow."""
    tag = encode_varint(number << 3 | Wire.LEN)
    return tag + encode_varint(len(payload) + more) + payload
