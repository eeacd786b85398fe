"""The databases that are written: LMDB and LevelDB of Datum records, HDF5 files with a list.

Records come in groups, in the order of their images' numbers. A group is stored whole or not at
all, so that a writer that opens what a killed one left can tell which images are there.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from protonet.data._lazy import h5py, lmdb, np
from protonet.data.faults import Fault as DataFault
from protonet.data.faults import fault as data_fault
from protonet.weights.atomic import remove_stale
from protonet.weights.faults import unwritable

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

GROUP_BYTES = 2**26
"""Bytes after which a group is stored in any case."""

KEY_LIMIT = 511
"""Bytes of an LMDB key at most."""

_MAP_SIZE = 2**30  # of a new LMDB, doubled as needed; the file is as large as what it holds
_PLACES = 8


class Backend(StrEnum):
    """What is written."""

    LMDB = "lmdb"
    LEVELDB = "leveldb"
    HDF5 = "hdf5"


class Record(NamedTuple):
    """An image that is to be stored.

    Attributes:
        number: Which of the list.
        key: Its key in a database.
        label: Its class.
        pixels: ``(C, H, W)``.
        datum: The bytes of its Datum.
    """

    number: int
    key: bytes
    label: int
    pixels: "NDArray[np.uint8]"
    datum: bytes


class Writer(Protocol):
    """Stores records."""

    @property
    def limit(self) -> int:
        """How many records a group has at most."""
        ...

    def numbers(self) -> list[int]:
        """Return the numbers of the images that are there."""
        ...

    def write(self, group: Sequence[Record]) -> None:
        """Store a group, so that it is there even after a loss of power."""
        ...

    def close(self) -> None:
        """Release the files."""
        ...


def key_of(number: int, name: str) -> bytes:
    """Return the key of an image (convert_imageset.cpp)."""
    return f"{number:0{_PLACES}}_{name}".encode(errors="surrogateescape")


def grouped(items: Iterable[T], limit: int, weigh: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield groups of at most `limit` items that have about 64 MiB at most.

    Args:
        items: What is grouped.
        limit: How many.
        weigh: Tells the bytes of an item.
    """
    group: list[T] = []
    size = 0
    for item in items:
        group.append(item)
        size += weigh(item)
        if len(group) == limit or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def open_writer(backend: Backend, folder: Path) -> Writer:
    """Open a folder to write to.

    Raises:
        DiagnosticError: PN408, it cannot be written; PN502, plyvel is not installed.
    """
    return _WRITERS[backend](folder)


class LMDBWriter:
    """An LMDB in a folder."""

    limit = 1000  # as in Caffe

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _written(folder, lmdb.Error):
            self._environment = lmdb.open(str(folder), map_size=_MAP_SIZE)

    def numbers(self) -> list[int]:
        """Return the numbers of the images that are there."""
        with self._environment.begin() as transaction, transaction.cursor() as cursor:
            return [_number(key) for key in cursor.iternext(keys=True, values=False)]

    def write(self, group: Sequence[Record]) -> None:
        """Store a group."""
        self.put([(record.key, record.datum) for record in group])

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Store keys and values, all or none.

        Raises:
            DiagnosticError: PN408, the disk is full.
        """
        with _written(self._folder, lmdb.Error):
            while True:
                try:
                    with self._environment.begin(write=True) as transaction:
                        transaction.cursor().putmulti(items)
                except lmdb.MapFullError:
                    size = self._environment.info()["map_size"]
                    self._environment.set_mapsize(2 * size)
                else:
                    return

    def close(self) -> None:
        """Release the files."""
        self._environment.close()


class _Batch(Protocol):
    def put(self, key: bytes, value: bytes) -> None: ...


class _DB(Protocol):
    """What is used of ``plyvel.DB``."""

    def iterator(self, *, include_value: bool) -> Iterator[bytes]: ...

    def write_batch(self, *, sync: bool) -> AbstractContextManager[_Batch]: ...

    def close(self) -> None: ...


class LevelDBWriter:
    """A LevelDB in a folder; needs plyvel."""

    limit = 1000

    def __init__(self, folder: Path) -> None:
        try:
            plyvel = import_module("plyvel")
        except ImportError as error:
            raise data_fault(
                DataFault.NO_PLYVEL,
                f"writing the LevelDB `{folder}` needs plyvel, which is not installed",
                help='run `pip install "protonet[leveldb]"`, or write an LMDB',
            ) from error
        self._folder = folder
        self._error = cast("type[Exception]", plyvel.Error)
        with _written(folder, self._error):
            self._db = cast("_DB", plyvel.DB(str(folder), create_if_missing=True))

    def numbers(self) -> list[int]:
        """Return the numbers of the images that are there."""
        return [_number(key) for key in self._db.iterator(include_value=False)]

    def write(self, group: Sequence[Record]) -> None:
        """Store a group."""
        self.put([(record.key, record.datum) for record in group])

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Store keys and values, all or none.

        Raises:
            DiagnosticError: PN408, the disk is full.
        """
        with _written(self._folder, self._error), self._db.write_batch(sync=True) as batch:
            for key, value in items:
                batch.put(key, value)

    def close(self) -> None:
        """Release the files."""
        self._db.close()


class HDF5Writer:
    """HDF5 files in a folder, one a group: ``data``, uint8 ``(N, C, H, W)``, and ``label``.

    All images must have one size. Caffe reads integers as floats.
    """

    limit = 10_000

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        remove_stale(folder / "0")

    def files(self) -> list[Path]:
        """Return the files that are there, in order."""
        return sorted(self._folder.glob("*.h5"))

    def numbers(self) -> list[int]:
        """Return the numbers of the images that are there."""
        found: list[int] = []
        for path in self.files():
            with h5py.File(path) as file:
                numbers = cast("Mapping[str, h5py.Dataset]", file)["number"]
                found += cast("NDArray[np.int64]", numbers[...]).tolist()
        return found

    def write(self, group: Sequence[Record]) -> None:
        """Store a group as a file."""
        path = self._folder / f"{len(self.files()):05}.h5"
        from protonet.weights.hdf5_file import created  # noqa: PLC0415 # importing h5py takes its time

        with created(path) as file:
            file["data"] = np.stack([record.pixels for record in group])
            file["label"] = np.array([record.label for record in group], np.float32)
            file["number"] = np.array([record.number for record in group], np.int64)

    def close(self) -> None:
        """Nothing is open."""


_WRITERS: Mapping[Backend, Callable[[Path], Writer]] = MappingProxyType(
    {Backend.LMDB: LMDBWriter, Backend.LEVELDB: LevelDBWriter, Backend.HDF5: HDF5Writer}
)


def _number(key: bytes) -> int:
    return int(key.partition(b"_")[0])


@contextmanager
def _written(folder: Path, kind: type[Exception]) -> Generator[None]:
    try:
        yield
    except kind as error:
        raise unwritable(folder, OSError(str(error))) from error
