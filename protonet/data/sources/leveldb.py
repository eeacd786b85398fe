"""LevelDB, Caffe's older database; needs plyvel."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast
from weakref import WeakValueDictionary

from protonet.data.faults import Fault, fault


class _DB(Protocol):
    """What is used of ``plyvel.DB``."""

    def get(self, key: bytes) -> bytes | None: ...

    def iterator(self, *, include_value: bool = True) -> Iterator[bytes | tuple[bytes, bytes]]: ...


class _Handle:
    """An open database, in a box that a weak reference can point to."""

    def __init__(self, db: _DB, error: type[Exception]) -> None:
        self.db = db
        self.error = error


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
        with self._reading():
            items = self._handle.db.iterator()  # keys and values
            return next(cast("Iterator[tuple[bytes, bytes]]", items), None)

    def keys(self) -> Sequence[bytes]:
        """Return all keys in order."""
        with self._reading():
            keys = self._handle.db.iterator(include_value=False)
            return list(cast("Iterator[bytes]", keys))  # keys alone

    def values(self, keys: Sequence[bytes]) -> Iterator[memoryview]:
        """Yield the values of keys.

        Raises:
            DiagnosticError: PN503, a file of the database is damaged.
        """
        for key in keys:
            with self._reading():
                value = self._handle.db.get(key)
            yield memoryview(value or b"")  # nothing: another process has taken it away since

    @contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except self._handle.error as error:
            message = f"cannot read the LevelDB `{self.path}`: {_said(error)}"
            raise fault(Fault.DATABASE, message, file=self.path) from error


def _said(error: Exception) -> str:
    """Return what an error says; plyvel's say it in bytes."""
    (said,) = error.args[:1] or ("",)
    return said.decode(errors="replace") if isinstance(said, bytes) else str(error)


def _handle(path: Path) -> _Handle:
    key = path.resolve()
    handle = _OPEN.get(key)
    if handle is None:
        handle = _OPEN[key] = _open(path)
    return handle


def _open(path: Path) -> _Handle:
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
        return _Handle(plyvel.DB(str(path), create_if_missing=False), plyvel.Error)
    except (plyvel.Error, OSError) as error:
        raise fault(
            Fault.DATABASE, f"cannot open the LevelDB `{path}`: {_said(error)}", file=path
        ) from error
