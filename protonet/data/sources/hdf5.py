"""Rows of HDF5 files that a list names: a dataset a top, their first axis is the record."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np
from protonet.data.faults import Fault, fault
from protonet.data.identity import of_files
from protonet.data.paths import Resolve
from protonet.data.seeds import Purpose, Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.sources.hdf5_files import Heads, heads, list_files, read_arrays
from protonet.data.sources.skipping import skipped
from protonet.diagnostics import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Run(NamedTuple):
    """Rows of one file that follow each other in a batch."""

    file: int
    rows: "NDArray[np.int64]"


class _Loaded(NamedTuple):
    """A file in memory, or the one that stands in for it."""

    path: Path
    arrays: tuple["NDArray[np.float32]", ...]


class HDF5Rows:
    """The rows of all files of a list, of which one file at a time is in memory.

    Args:
        path: The list.
        names: The datasets.
        seed: Shuffle the files and the rows of each, anew in each epoch; as they stand if None.
        find: Where a file is that the list names.
        skips: Leave out files that cannot be read. Rows of the next one take the place of those of
            a file that turns out to be damaged later.

    Raises:
        DiagnosticError: PN505 or PN510, all that is wrong with the list and the files; PN519, none
            can be read.
    """

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        *,
        seed: Seed | None = None,
        find: Resolve = Path,
        skips: bool = False,
    ) -> None:
        self._path = path
        self._names = tuple(names)
        self._seed = seed
        self._skips = skips
        listed = list_files(path, find)
        self._listed = len(listed)
        found = heads(listed, names)
        self._check(found)
        self._files = found.good
        self._bad = dict.fromkeys(found.bad)
        self.size = sum(file.rows for file in self._files)
        self._loaded = lru_cache(maxsize=1)(self._load)
        self._order = lru_cache(maxsize=2)(self._shuffle)

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self._files)

    def read(
        self, position: int, number: int, shard: Shard = WHOLE
    ) -> tuple["NDArray[np.float32]", ...]:
        """Return a share of the ``number`` rows from ``position`` on, an array a dataset."""
        parts: list[tuple[NDArray[np.float32], ...]] = []
        for file, rows in self._runs(position, number, shard):
            arrays = self._loaded(file).arrays
            parts.append(tuple(array[rows % len(array)] for array in arrays))
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def label(self, position: int, number: int, row: int, shard: Shard = WHOLE) -> str:
        """Return what a row of such a share is called: its file, and its number there."""
        places = [(file, at) for file, rows in self._runs(position, number, shard) for at in rows]
        file, at = places[row]
        path, arrays = self._loaded(file)
        return f"row {int(at) % len(arrays[0])} of `{path}`"

    def indices(self, position: int, number: int) -> "NDArray[np.int64]":
        """Return the numbers of the rows at these positions, counted over all files."""
        starts = np.cumsum([0, *(file.rows for file in self._files)])
        return np.concatenate([starts[file] + rows for file, rows in self._runs(position, number)])

    def identity(self) -> object:
        """Return its files and datasets."""
        return (of_files(file.path for file in self._files), self._names)

    def told(self) -> tuple[Diagnostic, ...]:
        """Return a warning PN518 that names the files that were left out, if there were any."""
        names = [str(path) for path in tuple(self._bad)]
        return skipped(names, self._listed, str(self._path), "files")

    def _check(self, found: Heads) -> None:
        told = [d for error in found.bad.values() for d in error.diagnostics]
        if told and not self._skips:
            raise DiagnosticError(told)
        if not found.good:
            raise fault(
                Fault.ALL_BAD, f"none of the {self._listed:,} files of `{self._path}` can be read"
            )

    def _runs(self, position: int, number: int, shard: Shard = WHOLE) -> Iterator[_Run]:
        first, end = position + shard.rank, position + number
        while position < end:
            file, rows = self._rows(position, end - position)
            yield _Run(file, rows[(first - position) % shard.size :: shard.size])
            position += len(rows)

    def _rows(self, position: int, number: int) -> tuple[int, "NDArray[np.int64]"]:
        """Return the file at a position, and up to ``number`` rows of it from there on."""
        epoch, place = divmod(position, self.size)
        files = np.arange(self.files) if self._seed is None else self._order(epoch, -1)
        ends = np.cumsum([self._files[file].rows for file in files])
        at = int(np.searchsorted(ends, place, side="right"))
        file = int(files[at])
        rows = self._files[file].rows
        order = np.arange(rows) if self._seed is None else self._order(epoch, file)
        place -= int(ends[at]) - rows
        return file, order[place : place + number]

    def _shuffle(self, epoch: int, file: int) -> "NDArray[np.int64]":
        """Return the order of the rows of a file, or of the files if it is -1."""
        assert self._seed is not None
        size = self.files if file < 0 else self._files[file].rows
        return self._seed.at(Purpose.ROWS, epoch, file + 1).permutation(size)

    def _load(self, file: int) -> _Loaded:
        """Read a file; if it is damaged and may be, the next one that is not."""
        for step in range(self.files):
            head = self._files[(file + step) % self.files]
            if not head.rows:
                continue
            try:
                return _Loaded(head.path, read_arrays(head.path, self._names))
            except DiagnosticError:
                if not self._skips:
                    raise
                self._bad[head.path] = None
        raise fault(Fault.ALL_BAD, f"none of the files of `{self._path}` can be read")
