"""Where features are written: arrays in a file, or a database a blob as Caffe's extract_features.

Values come batch by batch and are not held.
"""

import shutil
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Protocol, cast

from protonet.data._lazy import h5py, np
from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.records import float_datum
from protonet.data.tools.stores import Backend, LevelDBWriter, LMDBWriter
from protonet.data.tools.unfinished import unfinished
from protonet.shape import Shape
from protonet.weights.atomic import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AXES = 4  # of a Datum's blob at most, the first of which counts the records


class Sink(Protocol):
    """Takes the values of blobs."""

    def write(self, blob: str, values: "NDArray[np.float32]") -> None:
        """Append rows ``(N, ...)``."""
        ...


def is_file(path: Path) -> bool:
    """Tell whether a name is that of a file, which can hold several blobs."""
    return path.suffix.lower() in _FILES


@contextmanager
def writing(
    outputs: Sequence[Path], blobs: Sequence[str], backend: Backend = Backend.LMDB
) -> Generator[Sink]:
    """Give what writes blobs; when the block ends well, the outputs get their names.

    Args:
        outputs: One for each blob; or one ``.npz`` or ``.h5`` for all. Other names are databases.
        blobs: The blobs.
        backend: Of databases.

    Raises:
        DiagnosticError: PN408, one cannot be written; PN540, a database exists already; PN555, they
            are not one for each blob.
    """
    if len(outputs) == 1 and is_file(outputs[0]):
        targets = dict.fromkeys(blobs, outputs[0])
    elif len(outputs) == len(blobs):
        targets = dict(zip(blobs, outputs, strict=True))
    else:
        raise fault(
            Fault.FEATURES,
            f"{len(blobs)} blobs cannot be written to {len(outputs)} outputs",
            help="give an output for each blob, or one .npz or .h5 for all",
        )
    with ExitStack() as stack:
        opened = {
            path: stack.enter_context(_opened(path, backend))
            for path in dict.fromkeys(targets.values())
        }
        yield _Several({blob: opened[path] for blob, path in targets.items()})


class _Several:
    """Knows which blob goes where, and that its rows keep their shape."""

    def __init__(self, sinks: Mapping[str, Sink]) -> None:
        self._sinks = sinks
        self._shapes: dict[str, Shape] = {}

    def write(self, blob: str, values: "NDArray[np.float32]") -> None:
        shape = self._shapes.setdefault(blob, values.shape[1:])
        if values.shape[1:] != shape:
            raise fault(
                Fault.FEATURES,
                f"the rows of blob `{blob}` change their shape from {shape} to {values.shape[1:]}",
                help="let the net resize or crop its images to one size",
            )
        self._sinks[blob].write(blob, values)


def _opened(path: Path, backend: Backend) -> AbstractContextManager[Sink]:
    return _FILES[path.suffix.lower()](path) if is_file(path) else _database(path, backend)


@contextmanager
def _npz(path: Path) -> Generator[Sink]:
    with ExitStack() as stack:
        sink = _Spools(stack, path.parent)
        with replacing(path) as temporary:
            yield sink
            with zipfile.ZipFile(temporary, "w") as archive:
                for blob in sink.spools:
                    with archive.open(f"{blob}.npy", "w", force_zip64=True) as entry:
                        sink.copy(blob, entry)


class _Spools:
    """A temporary file a blob: an archive takes one after the other, its number of rows first."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._shapes: dict[str, Shape] = {}
        self.spools: dict[str, IO[bytes]] = {}

    def write(self, blob: str, values: "NDArray[np.float32]") -> None:
        if blob not in self.spools:
            spool = TemporaryFile(dir=self._folder)  # noqa: SIM115 # the stack closes it
            self.spools[blob] = self._stack.enter_context(spool)
            self._shapes[blob] = (0, *values.shape[1:])
        self.spools[blob].write(np.ascontiguousarray(values, "<f4").data)
        rows, *rest = self._shapes[blob]
        self._shapes[blob] = (rows + len(values), *rest)

    def copy(self, blob: str, entry: IO[bytes]) -> None:
        head = {"descr": "<f4", "fortran_order": False, "shape": self._shapes[blob]}
        np.lib.format.write_array_header_1_0(entry, head)
        self.spools[blob].seek(0)
        shutil.copyfileobj(self.spools[blob], entry, 2**20)


@contextmanager
def _hdf5(path: Path) -> Generator[Sink]:
    from protonet.weights.hdf5_file import created  # noqa: PLC0415 # importing h5py takes its time

    with created(path) as file:
        yield _Datasets(file)


class _Dataset(Protocol):
    """What is used of ``h5py.Dataset``, which has no types."""

    @property
    def shape(self) -> Shape: ...

    def resize(self, size: int, axis: int) -> None: ...

    def __setitem__(self, rows: slice, values: "NDArray[np.float32]") -> None: ...


class _Datasets:
    def __init__(self, file: "h5py.File") -> None:
        self._file = file
        self._datasets: dict[str, _Dataset] = {}

    def write(self, blob: str, values: "NDArray[np.float32]") -> None:
        if blob not in self._datasets:
            rest = values.shape[1:]
            name = blob.encode(errors="surrogateescape")  # h5py takes any bytes
            made = self._file.create_dataset(
                name, (0, *rest), "<f4", maxshape=(None, *rest), chunks=True
            )
            self._datasets[blob] = cast("_Dataset", made)
        dataset = self._datasets[blob]
        rows = dataset.shape[0]
        dataset.resize(rows + len(values), 0)
        dataset[rows : rows + len(values)] = values


@contextmanager
def _database(path: Path, backend: Backend) -> Generator[Sink]:
    with unfinished(path, {"features": True}, restart=True) as folder:
        writer = LMDBWriter(folder) if backend is Backend.LMDB else LevelDBWriter(folder)
        try:
            yield _Datums(writer)
        finally:
            writer.close()


class _Datums:
    def __init__(self, writer: LMDBWriter | LevelDBWriter) -> None:
        self._writer = writer
        self._rows = 0

    def write(self, blob: str, values: "NDArray[np.float32]") -> None:
        if values.ndim > _AXES:
            raise fault(
                Fault.FEATURES,
                f"blob `{blob}` of shape {values.shape} has more axes than a Datum",
                help="write it to an .npz or .h5",
            )
        # Axes that a blob lacks are 1 (Blob::LegacyShape).
        images = values.reshape(*values.shape, *(1,) * (_AXES - values.ndim))
        self._writer.put(
            [(b"%010d" % key, float_datum(image)) for key, image in self._keyed(images)]
        )

    def _keyed(self, images: "NDArray[np.float32]") -> "Iterator[tuple[int, NDArray[np.float32]]]":
        yield from enumerate(images, self._rows)
        self._rows += len(images)


_FILES = {".npz": _npz, ".h5": _hdf5, ".hdf5": _hdf5}
