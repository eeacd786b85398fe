"""Databases of Datum records, as `convert_imageset` and Caffe's examples write them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from protonet.data._lazy import np
from protonet.data.datum import Datum, scan
from protonet.data.faults import Fault, fault
from protonet.data.sources.base import Image, Pixels, Reader
from protonet.data.sources.images import Colour, decode
from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape, count
from protonet.weights.scan import MalformedError

if TYPE_CHECKING:
    pass

HELD = 2**30
"""Bytes of raw images that are held in memory at most."""


class Store(Protocol):
    """Records by key."""

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
        everything = self._all_keys()
        keys = [everything[index] for index in indices]
        for key, record in zip(keys, self._store.values(keys), strict=True):
            yield self._image(key, record)

    def _all_keys(self) -> Sequence[bytes]:
        if self._keys is None:
            self._keys = self._store.keys()
        return self._keys

    def _datum(self, key: bytes, record: memoryview) -> Datum:
        try:
            return scan(record)
        except MalformedError as error:
            raise self._bad(key, f"is no Datum: {error}") from error

    def _image(self, key: bytes, record: memoryview) -> Image:
        datum = self._datum(key, record)
        try:
            pixels = decode(datum.data, self._colour) if datum.encoded else datum.pixels()
        except (MalformedError, ValueError) as error:
            raise self._bad(key, f"is no image: {error}") from error
        return Image(pixels, datum.label)

    def _bad(self, key: bytes, what: str) -> DiagnosticError:
        shown = key.decode("utf-8", errors="backslashreplace")
        return fault(Fault.RECORD, f"record `{shown}` of `{self.name}` {what}", file=self.name)


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
    return Pixels(reader.name, pixels, labels)
