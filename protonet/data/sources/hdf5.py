"""HDF5 files that a list names: a dataset a top, their first axis is the record."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from protonet.data._lazy import h5py, np
from protonet.data.faults import Fault, fault
from protonet.data.identity import of_files
from protonet.data.paths import Resolve, resolve
from protonet.data.seeds import Purpose, Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.sources.image_list import read_text
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Dataset(Protocol):
    """What is used of ``h5py.Dataset``, which has no types."""

    @property
    def shape(self) -> Shape: ...

    def __getitem__(self, rows: EllipsisType) -> "NDArray[np.float32]": ...


class _Head(NamedTuple):
    """What is known of a file before it is read."""

    path: Path
    shapes: tuple[Shape, ...]

    @property
    def rows(self) -> int:
        return self.shapes[0][0]


def list_files(path: Path, find: Resolve = Path) -> list[Path]:
    """Return the files that a list names, between blanks or line ends.

    Raises:
        DiagnosticError: PN505, the list cannot be read or names none.
    """
    files = [resolve(str(find(name)), path.parent) for name in read_text(path).split()]
    if not files:
        raise fault(Fault.LIST, f"the list `{path}` names no file", file=path)
    return files


def first_shapes(path: Path, names: Sequence[str], find: Resolve = Path) -> tuple[Shape, ...]:
    """Return the shapes of the datasets in the first file of a list.

    Raises:
        DiagnosticError: PN505 or PN510, the list or the file cannot be read.
    """
    return _head(list_files(path, find)[0], names).shapes


class HDF5Rows:
    """The rows of all files of a list, of which one file at a time is in memory.

    Args:
        path: The list.
        names: The datasets.
        seed: Shuffle the files and the rows of each, anew in each epoch; as they stand if None.
        find: Where a file is that the list names.

    Raises:
        DiagnosticError: PN505 or PN510, all that is wrong with the list and the files.
    """

    def __init__(
        self, path: Path, names: Sequence[str], *, seed: Seed | None = None, find: Resolve = Path
    ) -> None:
        self._names = tuple(names)
        self._seed = seed
        self._files = _heads(list_files(path, find), names)
        self.size = sum(file.rows for file in self._files)
        self._arrays = lru_cache(maxsize=1)(self._load)
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
        first, end = position + shard.rank, position + number
        while position < end:
            file, rows = self._rows(position, end - position)
            own = rows[(first - position) % shard.size :: shard.size]
            parts.append(tuple(array[own] for array in self._arrays(file)))
            position += len(rows)
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def indices(self, position: int, number: int) -> "NDArray[np.int64]":
        """Return the numbers of the rows at these positions, counted over all files."""
        starts = np.cumsum([0, *(file.rows for file in self._files)])
        parts: list[NDArray[np.int64]] = []
        end = position + number
        while position < end:
            file, rows = self._rows(position, end - position)
            parts.append(starts[file] + rows)
            position += len(rows)
        return np.concatenate(parts)

    def identity(self) -> object:
        """Return its files and datasets."""
        return (of_files(file.path for file in self._files), self._names)

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

    def _load(self, file: int) -> tuple["NDArray[np.float32]", ...]:
        with _datasets(self._files[file].path, self._names) as datasets:
            return tuple(dataset[...].astype(np.float32) for dataset in datasets)


def _heads(paths: Sequence[Path], names: Sequence[str]) -> tuple[_Head, ...]:
    heads: list[_Head] = []
    problems: list[Diagnostic] = []
    for path in paths:
        try:
            head = _head(path, names)
            _compare(head, heads[0] if heads else head, names)
            heads.append(head)
        except DiagnosticError as error:
            problems += error.diagnostics
    if not problems and not sum(head.rows for head in heads):
        problems += fault(Fault.HDF5, f"`{paths[0]}` has no rows", file=paths[0]).diagnostics
    if problems:
        raise DiagnosticError(problems)
    return tuple(heads)


def _head(path: Path, names: Sequence[str]) -> _Head:
    with _datasets(path, names) as datasets:
        shapes = tuple(dataset.shape for dataset in datasets)
    if any(not shape or shape[0] != shapes[0][0] for shape in shapes):
        sizes = ", ".join(f"`{name}` {shape}" for name, shape in zip(names, shapes, strict=True))
        raise fault(
            Fault.HDF5,
            f"the datasets of `{path}` differ in their number of rows: {sizes}",
            file=path,
        )
    return _Head(path, shapes)


@contextmanager
def _datasets(path: Path, names: Sequence[str]) -> Generator[tuple[_Dataset, ...]]:
    """Open a file; what fails while its datasets are in use is PN510, too."""
    try:
        with h5py.File(path) as file:
            found = [cast("object", file.get(name)) for name in names]
            for name, dataset in zip(names, found, strict=True):
                if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiu":
                    raise _no_dataset(path, name, sorted(cast("Iterable[str]", file)))
            yield tuple(cast("_Dataset", dataset) for dataset in found)
    except OSError as error:
        raise fault(Fault.HDF5, f"cannot read `{path}`: {error}", file=path) from error


def _no_dataset(path: Path, name: str, known: Sequence[str]) -> DiagnosticError:
    there = ", ".join(f"`{name}`" for name in known) or "none"
    return fault(
        Fault.HDF5,
        f"`{path}` has no dataset `{name}` of numbers",
        help=f"a top of HDF5Data has the name of its dataset; the file has {there}",
        file=path,
    )


def _compare(head: _Head, first: _Head, names: Sequence[str]) -> None:
    for name, shape, model in zip(names, head.shapes, first.shapes, strict=True):
        if shape[1:] != model[1:]:
            raise fault(
                Fault.HDF5,
                f"dataset `{name}` of `{head.path}` is {shape}, but {model} in `{first.path}`",
                help="all axes but the first must be the same in all files",
                file=head.path,
            )
