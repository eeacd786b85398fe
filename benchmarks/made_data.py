"""Data for the benchmarks, made on the fly: images like photos, and databases of them."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import lmdb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8]


def photo(height: int, width: int, seed: int) -> Array:
    """Return an image ``(H, W, 3)`` whose detail falls off with its size, as in photos."""
    numbers = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 9):
        grid = numbers.random((2**octave, 2**octave, 3), np.float32) - 0.5
        image += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / octave**0.7
    image -= image.min()
    return (image * (255 / image.max())).astype(np.uint8)


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def datum(data: bytes, shape: tuple[int, ...], label: int, *, encoded: bool = False) -> bytes:
    """Return a record as `convert_imageset` writes it."""
    extents = b"".join(bytes([n << 3]) + varint(extent) for n, extent in enumerate(shape, 1))
    tail = b"\x38\x01" if encoded else b""
    return extents + b"\x22" + varint(len(data)) + data + b"\x28" + varint(label) + tail


def jpegs(number: int, height: int = 375, width: int = 500) -> list[bytes]:
    """Return records of JPEG files; every 16th shows the same."""
    images = [photo(height, width, seed) for seed in range(16)]
    files = [cv2.imencode(".jpg", i, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes() for i in images]
    return [datum(files[n % 16], (3, height, width), n % 10, encoded=True) for n in range(number)]


def raws(number: int, *shape: int) -> list[bytes]:
    """Return records of pixels."""
    numbers = np.random.default_rng(1701)
    images = [numbers.integers(0, 256, shape, np.uint8).tobytes() for _ in range(64)]
    return [datum(images[n % 64], shape, n % 10) for n in range(number)]


def write(path: Path, records: Iterable[bytes]) -> Path:
    """Write an LMDB under the keys of `convert_imageset`."""
    with lmdb.open(str(path), map_size=2**32) as environment, environment.begin(write=True) as txn:
        for at, record in enumerate(records):
            txn.put(b"%08d_image" % at, record)
    return path
