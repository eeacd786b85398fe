"""What a source of images holds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from protonet.data._lazy import np
from protonet.data.tools.open import Opened, read_all
from protonet.shape import Shape

SAMPLE = 1000
"""Images that are decoded at most to learn their shapes, unless told otherwise."""

_NAMES = 3
_BAR = 40
_ROWS = 40  # of a histogram


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of a source.

    Attributes:
        kind: What it is.
        names: Keys or paths of the first images.
        forms: How images are stored, and how many.
        shapes: Channels, height and width, and how many images have them.
        decoded: How many images were looked at for that; None if all shapes were known.
        labels: The classes, and how many images each has.
        size: Bytes on disk; None of what ships with the package.
    """

    kind: str
    names: Sequence[str]
    forms: Counter[str]
    shapes: Counter[Shape]
    decoded: int | None
    labels: Counter[int]
    size: int | None

    @property
    def images(self) -> int:
        """How many there are."""
        return self.labels.total()


def info_of(images: Opened, sample: int = SAMPLE) -> Info:
    """Look at all records, and decode some where they do not say their shape.

    Args:
        images: The source.
        sample: How many to decode at most, spread evenly; 0 for all.

    Raises:
        DiagnosticError: PN504 or PN506, an image cannot be read.
    """
    seen = list(images.survey())
    shapes = Counter(one.shape for one in seen if one.shape is not None)
    hidden = [at for at, one in enumerate(seen) if one.shape is None]
    chosen = spread(hidden, sample or len(hidden))
    shapes.update(image.pixels.shape for image in read_all(images, chosen))
    return Info(
        kind=images.kind,
        names=images.names(_NAMES),
        forms=Counter(one.form for one in seen),
        shapes=shapes,
        decoded=len(chosen) if hidden else None,
        labels=Counter(one.label for one in seen),
        size=None if images.path is None else sum(map(_size, images.files())),
    )


def spread(items: Sequence[int], number: int) -> list[int]:
    """Return at most so many of the items, evenly spread."""
    if len(items) <= number:
        return list(items)
    return [items[at] for at in np.linspace(0, len(items) - 1, number).astype(int).tolist()]


def _size(file: Path) -> int:
    # An LMDB may have holes.
    return file.stat().st_blocks * 512 if file.is_file() else 0


def lines(info: Info) -> Iterator[str]:
    """Yield the text that a person reads."""
    yield f"{info.kind}, {info.images:,} images"
    if info.size is not None:
        yield f"on disk   {_bytes(info.size)}"
    yield f"stored    {_counts(info.forms)}"
    told = f" (of {info.decoded:,} that were decoded)" if info.decoded else ""
    yield f"shapes    {_counts(info.shapes)}{told}"
    yield f"first     {', '.join(info.names)}"
    yield from _histogram(info.labels)


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:  # noqa: PLR2004 # the next unit
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


def _counts(counter: Counter[Shape] | Counter[str]) -> str:
    common = [f"{value}: {number:,}" for value, number in counter.most_common(_NAMES)]
    others = len(counter) - len(common)
    return ", ".join(common) + (f", and {others:,} others" if others else "")


def _histogram(labels: Counter[int]) -> Iterator[str]:
    numbers = sorted(labels.items())
    yield f"labels    {len(numbers):,}, from {numbers[0][0]} to {numbers[-1][0]}"
    most = max(labels.values())
    for label, number in numbers[:_ROWS]:
        yield f"{label:9} {number:9,} {'#' * max(1, round(_BAR * number / most))}"
    if len(numbers) > _ROWS:
        rest = [number for _, number in numbers[_ROWS:]]
        yield f"... and {len(rest):,} labels with {min(rest):,} to {max(rest):,} images each"
