"""What a file of weights holds: layers, blobs, and where their values are.

    StoredLayers     a file
      StoredLayer    one layer of it: name, type
        FileBlob     values that stand in the file as they are; read straight into memory given for
        them ArrayBlob    values that a library reads

Nothing is read, and numpy is not imported, before values are asked for.
"""

import errno
import os
import stat
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protonet import files
from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape, count
from protonet.weights import faults

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 4 * 2**20
"""Values that are read at once: 16 MB of floats."""

AFFINE = " (affine)"
"""After the name of a BatchNorm of torch's: its weight and bias, Caffe's Scale layer."""

THREADS = 2
"""Two reads at a time keep a memory file system and a disk busy; more gave nothing."""


class OpenFile:
    """A file that stays open while a blob of it is in use, even if another takes its name."""

    def __init__(self, path: Path) -> None:
        try:
            self.descriptor = _open(path)
        except OSError as error:
            raise DiagnosticError([files.unreadable(path, error)]) from None
        weakref.finalize(self, os.close, self.descriptor)
        self.path = path
        self.size = os.fstat(self.descriptor).st_size

    def head(self, length: int) -> bytes:
        """Return the first bytes, fewer if there are no more."""
        return os.pread(self.descriptor, length, 0)

    def read_into(self, memory: memoryview, offset: int) -> None:
        """Fill ``memory`` with the bytes from ``offset`` on.

        Raises:
            DiagnosticError: PN401, the file has become shorter.
        """
        while memory:
            done = os.preadv(self.descriptor, [memory], offset)
            if not done:
                raise faults.corrupt(self.path, f"it ends before byte {offset + len(memory):,}")
            memory, offset = memory[done:], offset + done


def _open(path: Path) -> int:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its other end
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, os.strerror(number))
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


class Run(NamedTuple):
    """Values in a row: the first begins at byte ``offset``, the next ``stride`` bytes later."""

    offset: int
    length: int
    dtype: str
    """As numpy writes it: ``<f4``."""
    stride: int


@dataclass(frozen=True, slots=True)
class FileBlob:
    """A blob whose values stand in a file.

    Attributes:
        file: The file.
        shape: Axis lengths.
        runs: Where the values are; together as many as the shape has.
        legacy: The shape is the four numbers that files had before November 2014, so a bias is
            ``(1, 1, 1, N)``.
        note: What reports say of it.
    """

    file: OpenFile
    shape: Shape
    runs: tuple[Run, ...]
    legacy: bool = False
    note: str = ""

    def array(self) -> "NDArray[np.float32]":
        """Read the values."""
        import numpy as np  # noqa: PLC0415 # opening a file must not wait for it

        array: NDArray[np.float32] = np.empty(self.shape, np.float32)
        read_blobs([(self, array)])
        return array


@dataclass(frozen=True, slots=True)
class ArrayBlob:
    """A blob that a library reads, or that is made of another, when ``array`` is called."""

    shape: Shape
    array: "Callable[[], NDArray[np.float32]]"
    legacy: bool = False
    note: str = ""


Blob = FileBlob | ArrayBlob


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """One layer of a file.

    Attributes:
        name: What the net's layer is called.
        blobs: By their index.
        type: The layer's type, if the format has it.
        origin: The name in the file, if it is another.
    """

    name: str
    blobs: Mapping[int, Blob]
    type: str = ""
    origin: str = ""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its blobs."""
        return tuple(blob.shape for _, blob in sorted(self.blobs.items()))


@dataclass(frozen=True, slots=True)
class StoredLayers:
    """What a file holds.

    Attributes:
        path: The file.
        layers: In file order; a name may come twice.
        name: The net's name, if the format has one.
        owners_only: A shared blob stands under its owner only, as in all formats but Caffe's binary
            one.
        foreign: Neither Caffe nor this program named the layers.
    """

    path: Path
    layers: tuple[StoredLayer, ...]
    name: str = ""
    owners_only: bool = False
    foreign: bool = False


def read_blobs(pairs: "Iterable[tuple[FileBlob, NDArray[np.float32]]]") -> None:
    """Read each blob into the array beside it, which is C-contiguous and has as many elements.

    Raises:
        DiagnosticError: PN401, a file has become shorter since it was opened.
    """
    jobs = [job for blob, array in pairs for job in _jobs(blob, array)]
    if sum(run.length for _, run, _ in jobs) <= CHUNK:
        for job in jobs:
            _read(*job)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(_read, *job) for job in jobs]:
            done.result()  # raises what the thread raised


def _jobs(
    blob: FileBlob, array: "NDArray[np.float32]"
) -> "Iterator[tuple[OpenFile, Run, NDArray[np.float32]]]":
    assert array.flags.c_contiguous
    assert array.size == count(blob.shape)
    flat, at = array.reshape(-1), 0
    for run in blob.runs:
        for start in range(0, run.length, CHUNK):
            size = min(CHUNK, run.length - start)
            piece = run._replace(offset=run.offset + start * run.stride, length=size)
            yield blob.file, piece, flat[at : at + size]
            at += size


def _read(file: OpenFile, run: Run, target: "NDArray[np.float32]") -> None:
    import numpy as np  # noqa: PLC0415 # opening a file must not wait for it

    if run.dtype == "<f4" and run.stride == target.itemsize and target.dtype.str == "<f4":
        file.read_into(target.data.cast("B"), run.offset)
        return
    # An unpacked value comes after its tag; the bytes between two values are those of the tag.
    record = np.dtype({"names": ["value"], "formats": [run.dtype], "itemsize": run.stride})
    raw = np.empty(run.length * run.stride, np.uint8)
    width = np.dtype(run.dtype).itemsize
    file.read_into(raw.data[: len(raw) - run.stride + width], run.offset)
    with np.errstate(over="ignore"):  # a double too large for a float becomes infinite, as in C
        target[:] = raw.view(record)["value"]
