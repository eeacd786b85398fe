"""LevelDB, Caffe's older database; needs plyvel."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast
from weakref import WeakValueDictionary

from protonet.data.faults import Fault, fault


class _DB(Protocol):
    """What is used of ``plyvel.DB``."""

    def get(self, key: bytes) -> bytes: ...

    def iterator(self, *, include_value: bool = True) -> Iterator[bytes | tuple[bytes, bytes]]: ...


class _Handle:
    """An open database, in a box that a weak reference can point to."""

    def __init__(self, db: _DB) -> None:
        self.db = db


# LevelDB refuses to open a database twice (TRAIN and TEST may read the same one).
_OPEN: "WeakValueDictionary[Path, _Handle]" = WeakValueDictionary()


class LevelDB:
    """A database; see `Store`.

    Args:
        path: Its folder, which LevelDB writes to even when it only reads.

    Raises:
        DiagnosticError: PN502, plyvel is not installed; PN503, it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = _handle(path)

    def first(self) -> tuple[bytes, bytes] | None:
        """Return the first key and its value, if there are any."""
        items = cast("Iterator[tuple[bytes, bytes]]", self._handle.db.iterator())  # keys and values
        return next(items, None)

    def keys(self) -> Sequence[bytes]:
        """Return all keys in order."""
        keys = self._handle.db.iterator(include_value=False)
        return list(cast("Iterator[bytes]", keys))  # keys alone

    def values(self, keys: Sequence[bytes]) -> Iterator[memoryview]:
        """Yield the values of keys."""
        return (memoryview(self._handle.db.get(key)) for key in keys)


def _handle(path: Path) -> _Handle:
    key = path.resolve()
    handle = _OPEN.get(key)
    if handle is None:
        handle = _OPEN[key] = _Handle(_open(path))
    return handle


def _open(path: Path) -> _DB:
    try:
        plyvel = import_module("plyvel")
    except ImportError as error:
        raise fault(
            Fault.NO_PLYVEL,
            f"reading the LevelDB `{path}` needs plyvel, which is not installed",
            help='run `pip install "protonet[leveldb]"`; if it is an LMDB, say `backend: LMDB`',
            file=path,
        ) from error
    try:
        return plyvel.DB(str(path), create_if_missing=False)
    except (plyvel.Error, OSError) as error:
        raise fault(
            Fault.DATABASE, f"cannot open the LevelDB `{path}`: {error}", file=path
        ) from error
