"""Small databases, lists and images for the tests of data."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

import cv2
import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import lmdb
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.streams.base import DataLayer
from protonet.layers.base import Layer
from protonet.message.common import Phase

Array = NDArray[np.uint8]


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, wire: int, payload: bytes) -> bytes:
    return varint(number << 3 | wire) + payload


def encode_datum(
    data: bytes = b"",
    shape: tuple[int, ...] = (),
    label: int | None = 0,
    *,
    encoded: bool = False,
    floats: Iterable[float] = (),
    packed: bool = False,
) -> bytes:
    """The bytes of a Datum, written by hand."""
    out = b"".join(field(n, 0, varint(extent)) for n, extent in enumerate(shape, 1))
    if data:
        out += field(4, 2, varint(len(data)) + data)
    if label is not None:
        out += field(5, 0, varint(label))
    values = [np.float32(value).tobytes() for value in floats]
    if packed:
        out += field(6, 2, varint(4 * len(values)) + b"".join(values))
    else:
        out += b"".join(field(6, 5, value) for value in values)
    return out + (field(7, 0, b"\1") if encoded else b"")


def raw_datum(pixels: Array, label: int = 0) -> bytes:
    return encode_datum(pixels.tobytes(), pixels.shape, label)


def random_images(number: int, *shape: int, seed: int = 1701) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (number, *shape), np.uint8)


def png(pixels: Array) -> bytes:
    """A PNG of ``(C, H, W)`` or ``(H, W)``."""
    rows = pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels
    return cv2.imencode(".png", rows)[1].tobytes()


def write_lmdb(path: Path, records: Iterable[bytes]) -> Path:
    """Records under the keys 00000000, 00000001 ..."""
    return write_keyed_lmdb(path, {b"%08d" % at: record for at, record in enumerate(records)})


def write_keyed_lmdb(path: Path, records: Mapping[bytes, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with lmdb.open(str(path), map_size=2**24) as environment, environment.begin(write=True) as txn:
        for key, value in records.items():
            txn.put(key, value)
    return path


def write_leveldb(path: Path, records: Iterable[bytes]) -> Path:
    """Records under the keys 00000000, 00000001 ..."""
    db = import_module("plyvel").DB(str(path), create_if_missing=True)
    for at, record in enumerate(records):
        db.put(b"%08d" % at, record)
    db.close()
    return path


def values(tensor: Tensor) -> list[float]:
    return [float(value) for value in tensor.flatten()]


def write_images(folder: Path, images: Iterable[Array], labels: Iterable[int]) -> Path:
    """PNG files and a list of them, ``list.txt``."""
    lines: list[str] = []
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / f"{index}.png").write_bytes(png(image))
        lines.append(f"{index}.png {label}\n")
    (folder / "list.txt").write_text("".join(lines))
    return folder / "list.txt"


def write_h5(path: Path, **datasets: NDArray[np.generic]) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def data_layer(
    layer: Layer, *tops: str, name: str = "input", phase: Phase = Phase.TRAIN
) -> DataLayer:
    return DataLayer(name, tops or ("data", "label"), layer, phase)
