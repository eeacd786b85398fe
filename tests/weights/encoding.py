"""Bytes of Caffe's messages, written here field by field, so that odd files can be made."""

import struct
from collections.abc import Sequence


def varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; negative numbers as 64-bit two's complement."""
    value %= 2**64
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes) -> bytes:
    payload = b"".join(parts)
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def doubles(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def shape(*dims: int) -> bytes:
    return message(7, message(1, *map(varint, dims)))


def legacy(*dims: int) -> bytes:
    return b"".join(number(field, dim) for field, dim in enumerate(dims, start=1))


def data(*values: float) -> bytes:
    return message(5, floats(*values))


def unpacked(*values: float) -> bytes:
    return b"".join(b"\x2d" + floats(value) for value in values)


def blob(dims: Sequence[int], *values: float) -> bytes:
    """The payload of a BlobProto as Caffe writes it."""
    return data(*values) + shape(*dims)


def layer(name: str, kind: str, *blobs: bytes) -> bytes:
    return message(100, text(1, name), text(2, kind), *(message(7, each) for each in blobs))


def v1_layer(name: str, kind: int, *blobs: bytes) -> bytes:
    return message(2, text(4, name), number(5, kind), *(message(6, each) for each in blobs))


def v0_layer(name: str, kind: str, *blobs: bytes) -> bytes:
    return message(
        2, message(1, text(1, name), text(2, kind), *(message(50, each) for each in blobs))
    )
