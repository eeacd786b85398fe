"""Images that cannot be read: the next one takes their place (`on_bad_image: SKIP`)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, runtime_checkable

from protonet.data.faults import Fault, fault
from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.shape import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN = 10
"""How many images the account names."""


@runtime_checkable
class Telling(Protocol):
    """What has something to tell at the end of a run."""

    def told(self) -> tuple[Diagnostic, ...]:
        """Return it, as warnings."""
        ...


class HasPixels(Protocol):
    """A record with an image."""

    @property
    def pixels(self) -> "NDArray[np.uint8 | np.float32]":
        """``(C, H, W)``."""
        ...


Item = TypeVar("Item", bound=HasPixels)
Item_co = TypeVar("Item_co", bound=HasPixels, covariant=True)


class Readable(Protocol[Item_co]):
    """A reader that can name its images."""

    @property
    def name(self) -> str:
        """What diagnostics call it."""
        ...

    def __len__(self) -> int: ...

    def shape(self) -> Shape:
        """Return channels, height and width of the first image."""
        ...

    def read(self, indices: Sequence[int]) -> Iterator[Item_co]:
        """Yield these images."""
        ...

    def label(self, index: int) -> str:
        """Return what an image is called."""
        ...


def skipped(
    names: Sequence[str], total: int, source: str, what: str = "images"
) -> tuple[Diagnostic, ...]:
    """Return a warning PN518 that names what was left out of a source, if anything was.

    Args:
        names: What each is called; only the first `SHOWN` are told.
        total: How many there are, with the bad ones.
        source: Where they come from.
        what: What they are.
    """
    if not names:
        return ()
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    error = fault(
        Fault.SKIPPED,
        f"{len(names):,} of the {total:,} {what} of `{source}` could not be read and"
        f" were skipped: {shown}{', ...' if names[SHOWN:] else ''}",
        file=source,
    )
    return tuple(replace(d, severity=Severity.WARNING) for d in error.diagnostics)


class Skipping(Generic[Item]):
    """A reader that never fails as long as it has one image.

    Which image stands in for a bad one depends on nothing but its number, so that a batch is the
    same in whatever thread it is made.

    Args:
        reader: Of the images.
        bad: The numbers of those that are known to be bad.
    """

    def __init__(self, reader: Readable[Item], bad: Iterable[int] = ()) -> None:
        self.name = reader.name
        self._reader = reader
        self._known = frozenset(bad)
        self._met = dict.fromkeys(sorted(self._known))
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._reader)

    def shape(self) -> Shape:
        """Return channels, height and width of the first image that can be read."""
        return next(iter(self.read((0,)))).pixels.shape

    def label(self, index: int) -> str:
        """Return what the image is called that is given for this one."""
        places = ((index + step) % len(self) for step in range(len(self)))
        return self._reader.label(next((p for p in places if p not in self._met), index))

    def read(self, indices: Sequence[int]) -> Iterator[Item]:
        """Yield these images, or those that take their places.

        Raises:
            DiagnosticError: PN519, none can be read.
        """
        for index in indices:
            yield from self._one(index)

    def told(self) -> tuple[Diagnostic, ...]:
        """Return a warning PN518 that names the bad images that were met, if there were any."""
        with self._lock:
            met = tuple(self._met)
        names = [self._reader.label(index) for index in met[:SHOWN]]
        return skipped(names + [""] * (len(met) - len(names)), len(self), self.name)

    def _one(self, index: int) -> Iterator[Item]:
        last: DiagnosticError | None = None
        for step in range(len(self)):
            place = (index + step) % len(self)
            if place in self._known:
                continue
            reading = iter(self._reader.read((place,)))
            try:
                item = next(reading)
            except DiagnosticError as error:
                last = error
                with self._lock:
                    self._met[place] = None
                continue
            yield item  # `reading` holds what its pixels lie in
            return
        raise fault(
            Fault.ALL_BAD, f"none of the {len(self):,} images of `{self.name}` can be read"
        ) from last
