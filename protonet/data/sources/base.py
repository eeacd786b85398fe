"""What a source of images is, and the order in which its records come."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from protonet.data._lazy import np
from protonet.data.identity import of_arrays
from protonet.data.part import ALL, Part
from protonet.data.seeds import Purpose, Seed
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Image(NamedTuple):
    """One record.

    Attributes:
        pixels: ``(C, H, W)`` of any strides, channels in the order blue, green, red.
        label: For the second top.
        more: For further tops.
    """

    pixels: "NDArray[np.uint8 | np.float32]"
    label: float
    more: tuple[float, ...] = ()


class Reader(Protocol):
    """Images by their number."""

    @property
    def name(self) -> str:
        """What diagnostics call it."""
        ...

    def __len__(self) -> int: ...

    def shape(self) -> Shape:
        """Return channels, height and width of the first image."""
        ...

    def label(self, index: int) -> str:
        """Return what an image is called: its file, its key, or its number."""
        ...

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield these images; the pixels of one may be gone when the next is asked for.

        Raises:
            DiagnosticError: PN504 or PN506, an image cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pixels:
    """A reader of images of one size that are in memory.

    Attributes:
        name: What diagnostics call it.
        pixels: ``(N, C, H, W)``.
        labels: ``(N,)``.
        called: Tells what an image is called.
    """

    name: str
    pixels: "NDArray[np.uint8]"
    labels: "NDArray[np.float32]"
    called: Callable[[int], str] = str

    def __len__(self) -> int:
        return len(self.pixels)

    def shape(self) -> Shape:
        """Return channels, height and width."""
        return self.pixels.shape[1:]

    def label(self, index: int) -> str:
        """Return what an image is called."""
        return self.called(index)

    def identity(self) -> object:
        """Return a hash of all images and labels."""
        return of_arrays(self.pixels, self.labels)

    def fixed_shape(self) -> Shape:
        """Return the shape that all have."""
        return self.shape()

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield these images."""
        return (Image(self.pixels[index], int(self.labels[index])) for index in indices)


class Order:
    """Which record is at a position: positions count on over the end, an epoch is once round.

    Args:
        size: Number of records.
        seed: Shuffle them, anew in each epoch; in their own order if None.
        part: Which of them are used.

    Attributes:
        size: How many are used.
        total: How many there are.
    """

    def __init__(self, size: int, seed: Seed | None = None, part: Part = ALL) -> None:
        self.total = size
        self._records = part.records(size)
        self.size = size if self._records is None else len(self._records)
        self._seed = seed
        self._shuffled = lru_cache(maxsize=2)(self._shuffle)

    def indices(self, position: int, number: int) -> "NDArray[np.int64]":
        """Return the records at ``number`` positions from ``position`` on."""
        positions = np.arange(position, position + number)
        places = positions % self.size
        if self._seed is not None:
            epochs = positions // self.size
            for epoch in range(position // self.size, int(epochs[-1]) + 1):
                members = epochs == epoch
                places[members] = self._shuffled(epoch)[places[members]]
        return places if self._records is None else self._records[places]

    def _shuffle(self, epoch: int) -> "NDArray[np.int64]":
        assert self._seed is not None
        return self._seed.at(Purpose.SHUFFLE, epoch).permutation(self.size)
