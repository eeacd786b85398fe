"""`.caffemodel`: Caffe's binary file of weights, a NetParameter whose layers carry blobs.

    layer = 100    name 1, type 2, blobs 7               files since November 2014
    layers = 2     name 4, type 5 (a number), blobs 6    V1
    layers = 2     layer 1 { name 1, type 2, blobs 50 }  V0 and the older LayerConnection

Whatever a fork added to its layers stands under other numbers, so the weights of any fork are
found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from protonet.spec.upgrade_v1 import V1_TYPES
from protonet.weights import faults
from protonet.weights.blobproto import blob_pieces, scan_blob
from protonet.weights.mapped import scanning, write_binary
from protonet.weights.scan import Scanner, Wire, encode_text, length_delimited
from protonet.weights.stored import OpenFile, StoredLayer, StoredLayers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LAYER, _V1_LAYER = 100, 2
_BLOBS, _V0_BLOBS = 7, 50


@dataclass
class _Record:
    """One layer as scanned: its blobs are looked at when its name is known."""

    name: str = ""
    type: str = ""
    blobs: list[Scanner] = field(default_factory=list[Scanner])


def read_caffemodel(path: Path | str) -> StoredLayers:
    """Find the layers and blobs of a ``.caffemodel`` of any age; no value is read.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is no caffemodel, cut short or
            damaged; PN402, a blob's values do not fill its shape; PN403, it is beyond 2 GiB; PN404,
            values that are no floats.
    """
    file = OpenFile(Path(path))
    with scanning(file) as message:
        name, records = _scan_net(file, message)
        layers = tuple(_layer(file, record) for record in records)
    if not layers:
        raise faults.corrupt(file.path, "it holds no layers")
    return StoredLayers(file.path, layers, name)


def _scan_net(file: OpenFile, message: Scanner) -> tuple[str, list[_Record]]:
    name = ""
    records: dict[int, list[_Record]] = {_LAYER: [], _V1_LAYER: []}
    for entry in message:
        match entry.number, entry.wire:
            case (1, Wire.LEN):
                name = message.text(entry)
            case (1, Wire.VARINT):
                raise faults.corrupt(
                    file.path,
                    "it begins as a solver state does",
                    "give the `.caffemodel` of the same snapshot",
                )
            case (100, Wire.LEN):
                records[_LAYER].append(_scan_layer(message.message(entry)))
            case (2, Wire.LEN):
                records[_V1_LAYER].append(_scan_v1(message.message(entry)))
            case _:
                pass
    if all(records.values()):
        raise faults.corrupt(file.path, "it has both `layer` and `layers`, which Caffe refuses")
    return name, records[_LAYER] or records[_V1_LAYER]


def _scan_layer(message: Scanner, blobs: int = _BLOBS) -> _Record:
    record = _Record()
    for entry in message:
        match entry.number, entry.wire:
            case (1, Wire.LEN):
                record.name = message.text(entry)
            case (2, Wire.LEN):
                record.type = message.text(entry)
            case (number, Wire.LEN) if number == blobs:
                record.blobs.append(message.message(entry))
            case _:
                pass
    return record


def _scan_v1(message: Scanner) -> _Record:
    record, nested = _Record(), None
    for entry in message:
        match entry.number, entry.wire:
            case (1, Wire.LEN):
                nested = _scan_layer(message.message(entry), _V0_BLOBS)
            case (4, Wire.LEN):
                record.name = message.text(entry)
            case (5, Wire.VARINT):
                record.type = _v1_type(message.integer(entry))
            case (6, Wire.LEN):
                record.blobs.append(message.message(entry))
            case _:
                pass
    return nested or record


def _v1_type(number: int) -> str:
    types = tuple(V1_TYPES.values())
    return types[number] if 0 <= number < len(types) else str(number)


def _layer(file: OpenFile, record: _Record) -> StoredLayer:
    blobs = (
        scan_blob(file, blob, f"blob {index} of layer `{record.name}`")
        for index, blob in enumerate(record.blobs)
    )
    return StoredLayer(record.name, dict(enumerate(blobs)), record.type)


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer to be written.

    Attributes:
        header: The layer's encoded LayerParameter; blobs in it are left out.
        blobs: Its values, in Caffe's order, asked for once: they may be copied from a device then.
        diffs: What stands beside the values, for as many blobs.
    """

    header: bytes
    blobs: "Iterable[NDArray[np.float32]]" = ()
    diffs: "Iterable[NDArray[np.float32]] | None" = None


def write_caffemodel(path: Path | str, net_name: str, layers: Iterable[LayerRecord]) -> None:
    """Write a ``.caffemodel`` that Caffe reads, straight from the memory of the arrays.

    Raises:
        DiagnosticError: PN403, it would be larger than 2 GiB; PN408, it cannot be written. What
            stood at ``path`` before is then untouched.
    """
    write_binary(Path(path), _pieces(net_name, layers))


def _pieces(net_name: str, layers: Iterable[LayerRecord]) -> Iterator[bytes | memoryview]:
    yield length_delimited(1, encode_text(net_name))
    for layer in layers:
        before, after = _split(layer.header)
        pairs = zip(layer.blobs, repeat(None) if layer.diffs is None else layer.diffs, strict=False)
        blobs = [piece for array, diff in pairs for piece in blob_pieces(_BLOBS, array, diff)]
        size = sum(map(len, blobs)) + len(after)
        yield length_delimited(_LAYER, before, size)
        yield from blobs
        yield after


def _split(header: bytes) -> tuple[bytes, bytes]:
    """Return the fields that Caffe writes before the blobs, and those it writes after them."""
    parts: dict[bool, list[bytes]] = {True: [], False: []}
    message = Scanner(header, 0, len(header))
    start = 0
    for entry in message:
        if entry.number != _BLOBS:
            parts[entry.number < _BLOBS].append(header[start : entry.end])
        start = entry.end
    return b"".join(parts[True]), b"".join(parts[False])
