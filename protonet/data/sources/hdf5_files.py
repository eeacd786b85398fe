"""HDF5 files that a list names, and what their datasets look like before they are read."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from protonet.data._lazy import h5py, np
from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve, resolve
from protonet.data.sources.list_text import read_text
from protonet.data.sources.presence import spelled
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_RATIO = 1100
"""Bytes that one stored byte can become: deflate reaches no more."""
UNWRITTEN = 2**28
"""Bytes of a dataset that may be there without being stored: they are its fill value."""


class _Dataset(Protocol):
    """What is used of ``h5py.Dataset``, which has no types."""

    @property
    def shape(self) -> Shape: ...

    def __getitem__(self, rows: EllipsisType) -> "NDArray[np.float32]": ...


class Head(NamedTuple):
    """What is known of a file before it is read.

    Attributes:
        path: Where it is.
        shapes: Of its datasets.
    """

    path: Path
    shapes: tuple[Shape, ...]

    @property
    def rows(self) -> int:
        """How many records it has."""
        return self.shapes[0][0]


class Heads(NamedTuple):
    """The files of a list.

    Attributes:
        good: Those that can be used.
        bad: Those that cannot, and what is wrong with each.
    """

    good: tuple[Head, ...]
    bad: Mapping[Path, DiagnosticError]


def list_files(path: Path, find: Resolve = Path) -> list[Path]:
    """Return the files that a list names, between blanks or line ends.

    Raises:
        DiagnosticError: PN505, the list cannot be read, is itself an HDF5 file, or names none.
    """
    files = [resolve(str(find(name)), path.parent) for name in read_text(path).split()]
    if not files:
        raise fault(Fault.LIST, f"the list `{path}` names no file", file=path)
    return files


def first_shapes(
    path: Path, names: Sequence[str], find: Resolve = Path, *, skips: bool = False
) -> tuple[Shape, ...]:
    """Return the shapes of the datasets in the first file of a list.

    Args:
        path: The list.
        names: The datasets.
        find: Where a file is that the list names.
        skips: The first file that can be read is meant.

    Raises:
        DiagnosticError: PN505 or PN510, the list or the file cannot be read.
    """
    files = list_files(path, find)
    for file in files if skips else ():
        try:
            return _head(file, names).shapes
        except DiagnosticError:
            continue
    return _head(files[0], names).shapes


def heads(paths: Sequence[Path], names: Sequence[str]) -> Heads:
    """Look at all files.

    Raises:
        DiagnosticError: PN510, their datasets differ, or there are no rows.
    """
    good: list[Head] = []
    bad: dict[Path, DiagnosticError] = {}
    problems: list[Diagnostic] = []
    differ = False
    for path in paths:
        try:
            head = _head(path, names)
        except DiagnosticError as error:
            bad[path] = error
            problems += error.diagnostics
            continue
        difference = _difference(head, good[0] if good else head, names)
        differ = differ or bool(difference)
        problems += difference
        good.append(head)
    if differ:
        raise DiagnosticError(problems)
    if good and not sum(head.rows for head in good):
        raise fault(Fault.HDF5, f"`{good[0].path}` has no rows", file=good[0].path)
    return Heads(tuple(good), bad)


def read_arrays(path: Path, names: Sequence[str]) -> tuple["NDArray[np.float32]", ...]:
    """Return all rows of a file, an array a dataset.

    Raises:
        DiagnosticError: PN510, it cannot be read.
    """
    with _datasets(path, names) as datasets:
        return tuple(dataset[...].astype(np.float32) for dataset in datasets)


def _head(path: Path, names: Sequence[str]) -> Head:
    with _datasets(path, names) as datasets:
        shapes = tuple(dataset.shape for dataset in datasets)
    if any(not shape or shape[0] != shapes[0][0] for shape in shapes):
        sizes = ", ".join(f"`{name}` {shape}" for name, shape in zip(names, shapes, strict=True))
        raise fault(
            Fault.HDF5,
            f"the datasets of `{path}` differ in their number of rows: {sizes}",
            file=path,
        )
    return Head(path, shapes)


@contextmanager
def _datasets(path: Path, names: Sequence[str]) -> Generator[tuple[_Dataset, ...]]:
    """Open a file; what fails while its datasets are in use is PN510, too."""
    try:
        with h5py.File(path) as file:
            yield tuple(_dataset(file, path, name) for name in names)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise fault(Fault.HDF5, f"cannot read `{path}`: {error}", file=path) from error


def _dataset(file: "h5py.File", path: Path, name: str) -> _Dataset:
    try:
        found = cast("object", file.get(name.encode(errors="surrogateescape")))
    except UnicodeDecodeError:  # how h5py says that a name is not there that is no UTF-8
        found = None
    if not isinstance(found, h5py.Dataset):
        keys = cast("Mapping[str | bytes, object]", file)  # bytes that are no UTF-8
        known = (key if isinstance(key, str) else key.decode(errors="replace") for key in keys)
        there = ", ".join(f"`{key}`" for key in sorted(known))
        raise fault(
            Fault.HDF5,
            f"`{path}` has no dataset `{name}` of numbers",
            help=f"a top of HDF5Data has the name of its dataset; the file has {there or 'none'}",
            file=path,
        )
    if found.dtype.kind not in "fiu":
        raise fault(
            Fault.HDF5,
            f"the dataset `{name}` of `{path}` holds values of type {found.dtype}, not numbers",
            help="store it as integers or floats",
            file=path,
        )
    # Else its values are in other files. h5py has no types.
    is_own = not found.is_virtual and cast("object", found.external) is None
    if is_own and found.nbytes > max(UNWRITTEN, MAX_RATIO * path.stat().st_size):
        raise fault(
            Fault.HDF5,
            f"the dataset `{name}` of `{path}` is {found.shape}, more than a file of "
            f"{path.stat().st_size:,} bytes holds",
            help="the file is damaged, or most of it was never written",
            file=path,
        )
    return cast("_Dataset", found)


def _missing(path: Path) -> DiagnosticError:
    near = spelled(path)
    hint = f"did you mean `{near}`? case matters in names" if near else ""
    if path.name.isdigit():
        hint = "a list for HDF5Data names files, and nothing but files, between blanks"
    message = f"cannot read `{path}`: no such file or directory"
    return fault(Fault.HDF5, message, help=hint, file=path)


def _difference(head: Head, first: Head, names: Sequence[str]) -> tuple[Diagnostic, ...]:
    for name, shape, model in zip(names, head.shapes, first.shapes, strict=True):
        if shape[1:] != model[1:]:
            return fault(
                Fault.HDF5,
                f"dataset `{name}` of `{head.path}` is {shape}, but {model} in `{first.path}`",
                help="all axes but the first must be the same in all files",
                file=head.path,
            ).diagnostics
    return ()
