"""Databases of Datum records, as `convert_imageset` and Caffe's examples write them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from protonet.data._lazy import np
from protonet.data.datum import Datum, located
from protonet.data.faults import Fault, fault
from protonet.data.identity import of_database
from protonet.data.similar import Similar
from protonet.data.sources.base import Image, Pixels, Reader
from protonet.data.sources.images import Colour, decode
from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape, count
from protonet.weights.scan import MalformedError

if TYPE_CHECKING:
    from numpy.typing import NDArray


HELD = 2**30
"""Bytes of raw images that are held in memory at most."""


class Store(Protocol):
    """Records by key, in a database that a path alone opens."""

    def __init__(self, path: Path) -> None: ...

    @property
    def path(self) -> Path:
        """Where it is."""
        ...

    def first(self) -> tuple[bytes, bytes] | None:
        """Return the first key and its value, if there are any."""
        ...

    def keys(self) -> Sequence[bytes]:
        """Return all keys in order."""
        ...

    def values(self, keys: Sequence[bytes]) -> Iterator[memoryview]:
        """Yield the values of keys; each is valid until the next one is asked for."""
        ...


class DatumReader:
    """The images of a database, in the order of keys.

    Args:
        store: The database.
        colour: What encoded images become (`force_color`, `force_gray`).

    Raises:
        DiagnosticError: PN503, the database is empty.
    """

    def __init__(self, store: Store, colour: Colour = Colour.AS_STORED) -> None:
        self.name = str(store.path)
        self._store = store
        self._colour = colour
        first = store.first()
        if first is None:
            raise fault(Fault.DATABASE, f"the database `{self.name}` is empty", file=self.name)
        self._first = first
        self._keys: Sequence[bytes] | None = None
        self._similar = Similar()

    def shape(self) -> Shape:
        """Return channels, height and width of the first image."""
        key, record = self._first
        return self._image(key, memoryview(record)).pixels.shape

    def raw(self) -> bool:
        """Tell whether the first record is bytes of pixels."""
        datum = self._datum(self._first[0], memoryview(self._first[1]))
        return not datum.encoded and len(datum.data) > 0

    def __len__(self) -> int:
        return len(self._all_keys())

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield these images.

        Raises:
            DiagnosticError: PN504, a record is no image.
        """
        cut = self._similar.cut
        return (
            cut(record) or self._image(key, record) for key, record in self.raw_records(indices)
        )

    def raw_records(self, indices: Sequence[int]) -> Iterator[tuple[bytes, memoryview]]:
        """Give keys and bytes of records; those of one may be gone when the next is asked for."""
        everything = self._all_keys()
        keys = [everything[index] for index in indices]
        return zip(keys, self._store.values(keys), strict=True)

    def label(self, index: int) -> str:
        """Return what an image is called: its key."""
        return _shown(self._all_keys()[index])

    def keys_later(self) -> Callable[[int], str]:
        """Return what tells a key when it is asked for, and till then keeps nothing open."""
        kind, path = type(self._store), self._store.path
        return lambda index: _shown(kind(path).keys()[index])

    def records(self) -> Iterator[Datum]:
        """Yield all records, not decoded.

        Raises:
            DiagnosticError: PN504, one is no Datum.
        """
        everything = self._all_keys()
        for key, record in zip(everything, self._store.values(everything), strict=True):
            yield self._datum(key, record)

    def identity(self) -> object:
        """Return its files, and what encoded images become."""
        return (of_database(self._store.path), self._colour.name)

    def fixed_shape(self) -> None:
        """Return nothing: records may be of any shape."""

    def _all_keys(self) -> Sequence[bytes]:
        if self._keys is None:
            self._keys = self._store.keys()
        return self._keys

    def _datum(self, key: bytes, record: memoryview) -> Datum:
        return self._located(key, record)[0]

    def _located(self, key: bytes, record: memoryview) -> tuple[Datum, int]:
        try:
            return located(record)
        except MalformedError as error:
            raise self.bad(key, f"is not a Datum: {error}") from error

    def _image(self, key: bytes, record: memoryview) -> Image:
        datum, start = self._located(key, record)
        image = Image(self.decoded(key, datum), datum.label)
        self._similar.learn(record, datum, start)
        return image

    def decoded(self, key: bytes, datum: Datum) -> "NDArray[np.uint8 | np.float32]":
        """Return the image in a record.

        Raises:
            DiagnosticError: PN504, there is none.
        """
        try:
            return decode(datum.data, self._colour) if datum.encoded else datum.pixels()
        except (MalformedError, ValueError) as error:
            raise self.bad(key, f"is no image: {error}") from error

    def bad(self, key: bytes, what: str) -> DiagnosticError:
        """Return what is wrong with a record."""
        what = f"record `{_shown(key)}` of `{self.name}` {what}"
        return fault(Fault.RECORD, what, file=self.name)


def _shown(key: bytes) -> str:
    return key.decode("utf-8", errors="backslashreplace")


def held(reader: DatumReader, limit: int = HELD) -> Reader:
    """Return the images in memory if they are raw, of one size, and at most ``limit`` bytes."""
    shape = reader.shape()
    if not reader.raw() or len(reader) * count(shape) > limit:
        return reader
    pixels = np.empty((len(reader), *shape), np.uint8)
    labels = np.empty(len(reader), np.float32)
    for index, image in enumerate(reader.read(range(len(reader)))):
        if image.pixels.shape != shape or image.pixels.dtype != np.uint8:
            return reader
        pixels[index], labels[index] = image.pixels, image.label
    return Pixels(reader.name, pixels, labels, reader.keys_later())
