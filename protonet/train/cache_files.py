"""Features on disk: a mapped file for each frozen prefix and its data, under the name of its key.

A file holds a head, a byte for each sample that says whether it is there, and an array a blob. What
is written reaches the disk in this order: values, then the bytes that vouch for them. A run that is
killed thus loses a few seconds of features at most. Several processes may write one file: the same
key stands for the same values.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.train.cache_rows import DTYPES, Column, Samples, Table

FORMAT = 1
PAGE = 4096
SUFFIX = ".features"
SECONDS = 10.0
"""After so long the disk is given what is new."""


class NoRoomError(Exception):
    """The features cannot be kept on disk; the text says why."""


class FeatureFile:
    """Rows in a mapped file; `open_file` or `create_file` makes it.

    Args:
        path: The file.
        columns: How a sample is kept.
        number: How many samples there are.
    """

    def __init__(self, path: Path, columns: Sequence[Column], number: int) -> None:
        self.path = path
        pages = np.memmap(path, np.uint8, "r+")
        self._pages, self._vouched = pages, pages[PAGE : PAGE + number]
        arrays = list(_arrays(pages, columns, number))
        # Only what has reached the disk is vouched for there; what is known here goes ahead of it.
        self._table = Table(columns, arrays, self._vouched == 1)
        self._written = time.monotonic()
        self._close = finalize(self, _flush, pages, self._vouched, self._table.valid)

    @property
    def filled(self) -> int:
        """How many samples there are."""
        return self._table.filled

    def has(self, samples: Samples) -> bool:
        """Tell whether all of these are there."""
        return self._table.has(samples)

    def read(self, samples: Samples, device: torch.device) -> list[Tensor]:
        """Return a batch of samples."""
        return self._table.read(samples, device)

    def write(self, samples: Samples, batch: Sequence[Tensor]) -> None:
        """Keep those of a batch that are not there yet."""
        self._table.write(samples, batch)
        if time.monotonic() - self._written > SECONDS or self._table.valid.all():
            self.flush()

    def flush(self) -> None:
        """Give the disk what is new, and take over what other processes have written."""
        _flush(self._pages, self._vouched, self._table.valid)
        self._written = time.monotonic()

    def close(self) -> None:
        """Give the disk what is new; done by itself when the program ends."""
        self._close()


def open_file(path: Path, number: int) -> FeatureFile | None:
    """Open a file; None if there is none, or one that is not whole."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(PAGE).rstrip(b"\0"))
            size = os.fstat(file.fileno()).st_size
        columns = [Column(str(d), tuple(s), tuple(o)) for d, s, o in head["columns"]]
        if head["format"] != FORMAT or head["samples"] != number:
            return None
        if size != _size(columns, number):
            return None
        os.utime(path)  # the least recently used file goes first where room is needed
        return FeatureFile(path, columns, number)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def create_file(
    path: Path, columns: Sequence[Column], number: int, *, limit: int, about: object = None
) -> FeatureFile:
    """Make an empty file, or open the one that another process has made meanwhile.

    Args:
        path: Its name.
        columns: How a sample is kept.
        number: How many samples there are.
        limit: Bytes that all files of the folder may have; the least recently used are removed.
        about: What its key stands for, for a person who looks into it.

    Raises:
        NoRoomError: It is larger than that, or the disk is full or cannot be written.
    """
    size = _size(columns, number)
    head = {"format": FORMAT, "samples": number, "columns": columns, "of": about}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, size, limit)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                # Room is taken now: a mapped file on a full disk would end the process later.
                os.posix_fallocate(file.fileno(), 0, size)
                file.write(json.dumps(head).encode()[:PAGE])
            _place(temporary, path, number)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NoRoomError(f"`{path.parent}` cannot take {size:,} bytes: {why}") from error
    return FeatureFile(path, columns, number)


def _place(temporary: Path, path: Path, number: int) -> None:
    """Give a new file its name, unless another process was faster."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        if open_file(path, number) is None:  # what a crash or another version has left
            temporary.replace(path)


def _make_room(folder: Path, size: int, limit: int) -> None:
    if size > limit:
        raise NoRoomError(f"the features take {size:,} bytes, and `cache_limit` is {limit:,}")
    files = sorted((path.stat().st_mtime, path) for path in folder.glob(f"*{SUFFIX}"))
    total = sum(path.stat().st_size for _, path in files)
    for _, path in files:
        if total + size <= limit:
            return
        total -= path.stat().st_size
        path.unlink()  # a process that has it mapped keeps it


def _flush(
    pages: "np.memmap[Any, Any]", vouched: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> None:
    pages.flush()
    vouched[valid] = 1
    pages.flush()
    valid |= vouched == 1


def _starts(columns: Sequence[Column], number: int) -> list[int]:
    """Return where each array begins, and where the file ends."""
    starts = [PAGE + _whole_pages(number)]
    for column in columns:
        starts.append(starts[-1] + _whole_pages(column.bytes * number))
    return starts


def _size(columns: Sequence[Column], number: int) -> int:
    return _starts(columns, number)[-1]


def _whole_pages(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _arrays(
    pages: "np.memmap[Any, Any]", columns: Sequence[Column], number: int
) -> Iterator[Tensor]:
    for column, start in zip(columns, _starts(columns, number), strict=False):
        part = torch.from_numpy(pages[start : start + column.bytes * number])
        yield part.view(DTYPES[column.dtype]).view(number, *column.shape)
