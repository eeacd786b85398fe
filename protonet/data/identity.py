"""What tells the files of a source from others: where they are, how large, how old."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protonet.data._lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOCKS = frozenset({"lock.mdb", "LOCK", "LOG", "LOG.old"})
"""Files of a database that reading it may change."""

LMDB_META = 2 * 4096
"""Bytes of the two pages in which LMDB counts its transactions."""


def of_file(path: Path) -> list[object]:
    """Return a file's path, size in bytes, and age in nanoseconds; nothing if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return [str(path)]
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]


def of_files(paths: Iterable[Path]) -> str:
    """Return a hash of many files' paths, sizes and ages."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(repr(of_file(path)).encode())
    return digest.hexdigest()


def of_arrays(*arrays: "NDArray[Any]") -> str:
    """Return a hash of what is in arrays, their shapes and types."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr((array.shape, str(array.dtype))).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def of_database(path: Path) -> list[object]:
    """Return the files of an LMDB or LevelDB, and the state of the former.

    A map that is written to does not always change the age of its file.
    """
    files = [path] if path.is_file() else sorted(path.iterdir())
    meta = b""
    for file in files:
        if file.suffix == ".mdb" and file.name not in LOCKS:
            with file.open("rb") as pages:
                meta += pages.read(LMDB_META)
    kept = (file for file in files if file.name not in LOCKS)
    return [*map(of_file, kept), hashlib.sha256(meta).hexdigest()]
