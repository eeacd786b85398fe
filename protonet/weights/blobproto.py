"""BlobProto, Caffe's message of one blob: where its values are, and the bytes around them.

Forks differ in how they store values, and all are read: packed, one by one, in several pieces, as
doubles, or as raw bytes (NVIDIA Caffe and OpenCV; 16-bit floats).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protonet.shape import count
from protonet.weights import faults
from protonet.weights.scan import (
    Field,
    MalformedError,
    Scanner,
    Wire,
    encode_varint,
    length_delimited,
    signed,
    varint,
)
from protonet.weights.stored import FileBlob, OpenFile, Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEGACY = range(1, 5)  # num, channels, height, width
_DATA, _DIFF, _SHAPE, _DOUBLE_DATA, _RAW_TYPE, _RAW_DATA = 5, 6, 7, 8, 10, 12
_DTYPES = {_DATA: ("<f4", Wire.I32), _DOUBLE_DATA: ("<f8", Wire.I64)}
_RAW_DTYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
_RAW_NAMES = {3: "integers", 4: "unsigned integers", 5: "booleans"}


@dataclass
class _Found:
    """What a scan of one BlobProto has seen so far."""

    dims: list[int] = field(default_factory=list[int])
    legacy: dict[int, int] = field(default_factory=dict[int, int])
    runs: dict[int, list[Run]] = field(default_factory=lambda: {_DATA: [], _DOUBLE_DATA: []})
    raw: Field | None = None
    raw_type: int = 0


def scan_blob(file: OpenFile, message: Scanner, blob: str) -> FileBlob:
    """Find shape and values of a BlobProto.

    Args:
        file: Where it stands.
        message: Its fields.
        blob: What diagnostics call it, as "blob 0 of layer `conv1`".

    Raises:
        MalformedError: These bytes are no BlobProto.
        DiagnosticError: PN402, the values are more or fewer than the shape has; PN404, they are no
            floats.
    """
    found = _Found()
    for entry in message:
        _note(found, message, entry)
    # A file with any of the four old numbers goes by them, whatever `shape` says (blob.cpp,
    # FromProto).
    shape = tuple(found.legacy.get(n, 0) for n in _LEGACY) if found.legacy else tuple(found.dims)
    runs = _runs(file, found, blob)
    stored = sum(run.length for run in runs)
    if min(shape, default=1) < 0 or count(shape) != stored:
        raise faults.wrong_count(file.path, blob, shape, stored)
    return FileBlob(file, shape, runs, legacy=bool(found.legacy))


def _note(found: _Found, message: Scanner, entry: Field) -> None:
    match entry.number, entry.wire:
        case (_, Wire.VARINT) if entry.number in _LEGACY:
            found.legacy[entry.number] = _int32(message.integer(entry))
        case (5 | 8, Wire.LEN | Wire.I32 | Wire.I64):
            found.runs[entry.number] += _values(message, entry)
        case (7, Wire.LEN):
            found.dims += _dims(message.message(entry))
        case (10, Wire.VARINT):
            found.raw_type = message.integer(entry)
        case (12, Wire.LEN):
            found.raw = entry
        case _:  # diff, and what forks added
            pass


def _runs(file: OpenFile, found: _Found, blob: str) -> tuple[Run, ...]:
    # Caffe takes the doubles if there are any (blob.cpp, FromProto).
    for number in (_DOUBLE_DATA, _DATA):
        if found.runs[number]:
            return tuple(found.runs[number])
    if found.raw is None:
        return ()
    dtype = _RAW_DTYPES.get(found.raw_type)
    if dtype is None:
        kind = _RAW_NAMES.get(found.raw_type, f"raw_data_type {found.raw_type}")
        raise faults.unknown_values(file.path, blob, kind)
    return (_packed(found.raw, dtype),)


def _values(message: Scanner, entry: Field) -> Iterator[Run]:
    dtype, unpacked = _DTYPES[entry.number]
    if entry.wire is Wire.LEN:
        yield _packed(entry, dtype)
    elif entry.wire is unpacked:
        stride = entry.end - entry.start + 1
        run = _unpacked_count(message, entry, stride)
        message.at = entry.start + run * stride - 1
        yield Run(entry.start, run, dtype, stride)


def _packed(entry: Field, dtype: str) -> Run:
    width = int(dtype[-1])
    values, rest = divmod(entry.end - entry.start, width)
    if rest:
        raise MalformedError(f"the values at byte {entry.start:,} end within a value")
    return Run(entry.start, values, dtype, width)


def _unpacked_count(message: Scanner, entry: Field, stride: int) -> int:
    """Count the values in a row that come each after the same one-byte tag, in growing steps."""
    tag = bytes([entry.number << 3 | entry.wire])
    seen, step = 1, 64
    while True:
        start = entry.start - 1 + seen * stride
        whole = min(step, (message.end - start) // stride)
        tags = message.data[start : start + whole * stride : stride]
        same = len(tags) - len(tags.lstrip(tag))
        seen += same
        if same < step:
            return seen
        step *= 2


def _dims(message: Scanner) -> Iterator[int]:
    for entry in message:
        if entry.number != 1:
            continue
        at = entry.start
        while entry.wire in (Wire.VARINT, Wire.LEN) and at < entry.end:
            value, at = varint(message.data, at, entry.end)
            yield signed(value)


def _int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def blob_frame(shape: Sequence[int], legacy: bool = False) -> tuple[bytes, bytes]:
    """Return the bytes of a BlobProto before and after its packed floats.

    Args:
        shape: Axis lengths.
        legacy: Write four axes as num, channels, height and width, which the oldest readers
            understand too.
    """
    size = 4 * math.prod(shape)
    head = encode_varint(_DATA << 3 | Wire.LEN) + encode_varint(size) if size else b""
    if legacy:
        numbers = (bytes([n << 3]) + encode_varint(d) for n, d in zip(_LEGACY, shape, strict=True))
        return b"".join(numbers) + head, b""
    dims = b"".join(map(encode_varint, shape))
    tail = length_delimited(_SHAPE, length_delimited(1, dims)) if shape else b""
    return head, tail


def blob_pieces(
    number: int, array: "NDArray[np.float32]", diff: "NDArray[np.float32] | None" = None
) -> Iterator[bytes | memoryview]:
    """Yield field ``number``, a BlobProto of ``array``, in pieces; floats are not copied.

    Args:
        number: Of the field.
        array: Its data.
        diff: Its diff, of the same shape.
    """
    head, tail = blob_frame(array.shape)
    between = b"" if diff is None else encode_varint(_DIFF << 3 | Wire.LEN)
    between += encode_varint(4 * array.size) if between else b""
    count = array.size if diff is None else 2 * array.size
    yield length_delimited(number, head, 4 * count + len(between) + len(tail))
    yield _floats(array)
    if diff is not None:
        yield between
        yield _floats(diff)
    yield tail


def _floats(array: "NDArray[np.float32]") -> memoryview:
    import numpy as np  # noqa: PLC0415 # reading heads must not wait for it

    return np.ascontiguousarray(array, "<f4").reshape(-1).data.cast("B")
