"""LMDB, the database most of Caffe's examples use."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from protonet.data._lazy import lmdb
from protonet.data.faults import Fault, fault

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

    def first(self) -> tuple[bytes, bytes] | None:
        """Return the first key and its value, if there are any."""
        with self._environment.begin() as transaction, transaction.cursor() as cursor:
            return cursor.item() if cursor.first() else None

    def keys(self) -> Sequence[bytes]:
        """Return all keys in order."""
        with self._environment.begin() as transaction, transaction.cursor() as cursor:
            return list(cursor.iternext(keys=True, values=False))

    def values(self, keys: Sequence[bytes]) -> Iterator[memoryview]:
        """Yield the values of keys; each is valid until the next one is asked for."""
        with self._environment.begin(buffers=True) as transaction:
            for key in keys:
                yield transaction.get(key, default=_GONE)


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
            raise fault(
                Fault.DATABASE, f"cannot open the LMDB `{path}`: {error}", file=path
            ) from error
        _OPEN[key] = environment
    return environment
