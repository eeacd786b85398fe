"""LMDB, the database most of Caffe's examples use."""

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from protonet.data._lazy import lmdb
from protonet.data.faults import Fault, fault
from protonet.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from lmdb import Environment

# py-lmdb must not open a database twice in a process (TRAIN and TEST may read the same one), and an
# environment is not valid after a fork.
_OPEN: "WeakValueDictionary[tuple[int, Path], Environment]" = WeakValueDictionary()


_GONE = memoryview(b"")  # of a key that another process has taken away since


class LMDB:
    """A read-only database; see `Store`.

    Args:
        path: Its folder, or its file.

    Raises:
        DiagnosticError: PN503, it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._environment = _environment(path)

    def __len__(self) -> int:
        return self._environment.stat()["entries"]

    def first(self) -> tuple[bytes, bytes] | None:
        """Return the first key and its value, if there are any."""
        with (
            self._reading(),
            self._environment.begin() as transaction,
            transaction.cursor() as cursor,
        ):
            return cursor.item() if cursor.first() else None

    def keys(self) -> Sequence[bytes]:
        """Return all keys in order."""
        with (
            self._reading(),
            self._environment.begin() as transaction,
            transaction.cursor() as cursor,
        ):
            return list(cursor.iternext(keys=True, values=False))

    def values(self, keys: Sequence[bytes]) -> Iterator[memoryview]:
        """Yield the values of keys; each is valid until the next one is asked for.

        Raises:
            DiagnosticError: PN503, pages of the database are damaged.
        """
        with self._reading(), self._environment.begin(buffers=True) as transaction:
            for key in keys:
                yield transaction.get(key, default=_GONE)

    @contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except lmdb.Error as error:
            raise _fault("read", self.path, error) from error


def _environment(path: Path) -> "Environment":
    key = os.getpid(), path.resolve()
    environment = _OPEN.get(key)
    if environment is None:
        try:
            # Nobody writes while we read, so that a folder without write permission will do.
            environment = lmdb.open(
                str(path), subdir=path.is_dir(), readonly=True, create=False, lock=False
            )
        except lmdb.Error as error:
            raise _fault("open", path, error) from error
        _check_length(path, environment)
        _OPEN[key] = environment
    return environment


def _check_length(path: Path, environment: "Environment") -> None:
    """See that all pages are there: to touch one that is not ends the process."""
    pages = environment.info()["last_pgno"] + 1
    wanted = pages * environment.stat()["psize"]
    there = (path / "data.mdb" if path.is_dir() else path).stat().st_size
    if there < wanted:
        raise fault(
            Fault.DATABASE,
            f"the LMDB `{path}` is cut short: it has {there:,} of {wanted:,} bytes",
            help="copy it again, or make it again from the images",
            file=path,
        )


def _fault(verb: str, path: Path, error: Exception) -> DiagnosticError:
    return fault(Fault.DATABASE, f"cannot {verb} the LMDB `{path}`: {error}", file=path)
