"""Images in HDF5 files: the dataset ``data`` ``(N, C, H, W)``, and ``label``."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from protonet.data._lazy import h5py, np
from protonet.data.faults import Fault, fault
from protonet.data.sources.base import Image
from protonet.data.sources.hdf5_files import list_files
from protonet.data.sources.list_text import read_text
from protonet.data.tools.records import RAW, Seen
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDINGS = (".h5", ".hdf5")
"""How the names of the files end."""

_AXES = 4


class Row(NamedTuple):
    """One image in a file."""

    path: Path
    row: int
    label: int
    shape: Shape


class _Dataset(Protocol):
    """What is used of ``h5py.Dataset``, which has no types."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, row: object) -> "NDArray[np.float32]": ...


def is_hdf5(path: Path) -> bool:
    """Tell whether a file is one of HDF5, or a list that names some."""
    if path.suffix.lower() in ENDINGS:
        return True
    return path.suffix == ".txt" and read_text(path).split("\n")[0].strip().endswith(ENDINGS)


class HDF5Images:
    """The images of one file, or of those that a list names.

    Raises:
        DiagnosticError: PN505 or PN510, the list or a file cannot be read, or has no images.
    """

    kind = "HDF5"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = [path] if path.suffix.lower() in ENDINGS else list_files(path)
        self._opened = lru_cache(maxsize=4)(_opened)
        self._rows: list[Row] = []
        for file in self._files:
            data, labels = self._opened(file)
            classes = np.asarray(labels[...]).reshape(-1).astype(int).tolist()
            rows = enumerate(classes[: data.shape[0]])
            self._rows += [Row(file, row, label, data.shape[1:]) for row, label in rows]
        if not self._rows:
            raise fault(Fault.HDF5, f"`{path}` has no rows", file=path)

    def files(self) -> Sequence[Path]:
        """Return the files."""
        return self._files

    def __len__(self) -> int:
        return len(self._rows)

    def names(self, number: int) -> list[str]:
        """Return the files and rows of the first images."""
        return [f"{row.path}[{row.row}]" for row in self._rows[:number]]

    def survey(self) -> Iterator[Seen]:
        """Look at all images."""
        return (Seen(row.label, RAW, row.shape) for row in self._rows)

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield images."""
        for index in indices:
            row = self._rows[index]
            yield Image(self._opened(row.path)[0][row.row], row.label)


def _opened(path: Path) -> tuple[_Dataset, _Dataset]:
    try:
        file = h5py.File(path)
    except OSError as error:
        raise fault(Fault.HDF5, f"cannot read `{path}`: {error}", file=path) from error
    data, labels = (cast("object", file.get(name)) for name in ("data", "label"))
    if not (isinstance(data, h5py.Dataset) and isinstance(labels, h5py.Dataset)):
        raise fault(Fault.HDF5, f"`{path}` lacks the dataset `data` or `label`", file=path)
    found = cast("_Dataset", data)
    if len(found.shape) != _AXES:
        raise fault(Fault.HDF5, f"`data` of `{path}` is {found.shape}, and no images", file=path)
    return found, cast("_Dataset", labels)
