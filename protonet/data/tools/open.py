"""A database, a list or a folder of images, as images by their number."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from protonet.data.datum import Datum
from protonet.data.faults import Fault as DataFault
from protonet.data.faults import fault
from protonet.data.paths import resolve
from protonet.data.sources.base import Image, Pixels
from protonet.data.sources.builtin import PREFIX, read_builtin
from protonet.data.sources.database import DatumReader, Store
from protonet.data.sources.leveldb import LevelDB
from protonet.data.sources.lmdb import LMDB
from protonet.data.tools.faults import Fault
from protonet.data.tools.listed import Listed, list_images
from protonet.data.tools.parallel import in_order
from protonet.data.tools.picture import PLAIN, Picturing
from protonet.data.tools.records import ENCODED, FLOATS, RAW, Seen
from protonet.data.tools.rows import HDF5Images, is_hdf5

CHUNK = 16
"""Images that a thread reads at once."""


class Opened(Protocol):
    """Images, of which several threads may read."""

    @property
    def path(self) -> Path | None:
        """Where it is; None if it ships with the package."""
        ...

    def files(self) -> Iterable[Path]:
        """Return the files that hold the images; some may be missing."""
        ...

    @property
    def kind(self) -> str:
        """What it is."""
        ...

    def __len__(self) -> int: ...

    def names(self, number: int) -> list[str]:
        """Return the keys or paths of the first images."""
        ...

    def survey(self) -> Iterator[Seen]:
        """Look at all records without decoding them."""
        ...

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield images; the pixels of one may be gone when the next is asked for.

        Raises:
            DiagnosticError: PN504 or PN506, one cannot be read.
        """
        ...


def open_images(name: str, root: str = "", picturing: Picturing = PLAIN) -> Opened:
    """Open what a user named.

    Args:
        name: A database, a list, a folder with a folder for each class, or a ``builtin:`` data set.
        root: Put before each path of a list.
        picturing: What is done to the images of a list or folder; those of a database are as they
            are stored.

    Raises:
        DiagnosticError: PN501, PN503 or PN505, it is not there or cannot be read; PN543, it is none
            of these.
    """
    if name.startswith(PREFIX):
        return _Shipped(read_builtin(name))
    path = resolve(name)
    if not path.exists():
        raise fault(DataFault.NO_SOURCE, f"the source `{name}` does not exist")
    if path.name == "data.mdb":
        path = path.parent
    if (path / "data.mdb").exists():
        return _Database("LMDB", LMDB(path))
    if (path / "CURRENT").exists():
        return _Database("LevelDB", LevelDB(path))
    if path.is_file() and is_hdf5(path):
        return HDF5Images(path)
    if path.is_file() and _is_binary(path):
        raise fault(
            Fault.NO_SOURCE,
            f"`{name}` is neither a database nor a list of images",
            help="give an LMDB or LevelDB (its folder), a list, or a folder with one folder for "
            "each class",
            file=path,
        )
    return _Files(list_images(path, root), picturing)


def is_listed(images: Opened) -> bool:
    """Tell whether images are files of a list or folder, which a root and a size are for."""
    return isinstance(images, _Files)


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" in file.read(1024)


def read_all(images: Opened, indices: Sequence[int], threads: int | None = None) -> Iterator[Image]:
    """Yield images in order; several threads read them."""

    def read(chunk: Sequence[int]) -> list[Image]:
        return [image._replace(pixels=image.pixels.copy()) for image in images.read(chunk)]

    chunks = [indices[at : at + CHUNK] for at in range(0, len(indices), CHUNK)]
    for chunk in in_order(read, chunks, threads):
        yield from chunk


class _Shipped:
    path = None
    kind = "data set of the package"

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def files(self) -> Iterable[Path]:
        return ()

    def __len__(self) -> int:
        return len(self._pixels)

    def names(self, number: int) -> list[str]:
        return [str(at) for at in range(min(number, len(self)))]

    def survey(self) -> Iterator[Seen]:
        return (Seen(int(label), RAW, self._pixels.shape()) for label in self._pixels.labels)

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        return self._pixels.read(indices)


class _Database:
    def __init__(self, kind: str, store: Store) -> None:
        self.kind = kind
        self.path = store.path
        self._reader = DatumReader(store)
        self._store = store
        self._keys = store.keys()

    def files(self) -> Iterable[Path]:
        return self.path.iterdir()

    def __len__(self) -> int:
        return len(self._keys)

    def names(self, number: int) -> list[str]:
        return [key.decode(errors="backslashreplace") for key in self._keys[:number]]

    def survey(self) -> Iterator[Seen]:
        return map(_seen, self._reader.records())

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        return self._reader.read(indices)


def _seen(datum: Datum) -> Seen:
    if not datum.encoded:
        return Seen(datum.label, RAW if len(datum.data) else FLOATS, datum.shape)
    begin = bytes(datum.data[:4])
    kinds = {b"\xff\xd8": "JPEG", b"\x89P": "PNG"}
    return Seen(datum.label, kinds.get(begin[:2], ENCODED), None)


class _Files:
    def __init__(self, listed: Listed, picturing: Picturing) -> None:
        self.kind = "folder of images" if listed.classes else "list of images"
        self.path = listed.path
        self._listed = listed
        self._picturing = picturing

    def files(self) -> Iterable[Path]:
        return map(self._listed.file, range(len(self)))

    def __len__(self) -> int:
        return len(self._listed.entries)

    def names(self, number: int) -> list[str]:
        return [entry.name for entry in self._listed.entries[:number]]

    def survey(self) -> Iterator[Seen]:
        for name, label in self._listed.entries:
            yield Seen(label, Path(name).suffix.removeprefix(".").upper() or ENCODED, None)

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        return map(self._image, indices)

    def _image(self, index: int) -> Image:
        name, label = self._listed.entries[index]
        try:
            return Image(self._picturing.pixels(self._listed.file(index).read_bytes()), label)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
        except ValueError as error:
            why = str(error)
        raise fault(
            DataFault.IMAGE,
            f"cannot read the image `{self._listed.root}{name}`: {why}",
            file=self.path,
        )
