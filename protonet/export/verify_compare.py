"""Two sets of blobs, compared one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protonet.shape import Shape, extents

Blobs = Mapping[str, NDArray[np.float32]]
"""Values of blobs by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """How far a blob is from what it should be.

    Attributes:
        blob: Its name.
        shape: Its shape here.
        expected: Its shape there.
        absolute: The largest difference.
        relative: That over the largest magnitude of what it should be.
        ok: It is within the tolerance.
    """

    blob: str
    shape: Shape
    expected: Shape
    absolute: float
    relative: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A net beside something else.

    Attributes:
        against: What else.
        rows: One for each blob that both have, in the net's order.
        only_here: Blobs that it has not.
        tolerance: The largest relative difference that counts as equal.
    """

    against: str
    rows: tuple[Row, ...]
    only_here: tuple[str, ...]
    tolerance: float

    @property
    def first(self) -> Row | None:
        """The first blob that diverges."""
        return next((row for row in self.rows if not row.ok), None)

    def lines(self) -> Iterator[str]:
        """Yield a table, and what follows from it."""
        width = max(map(len, ("blob", *(row.blob for row in self.rows))))
        shapes = [_shape(row) for row in self.rows]
        wide = max(map(len, ("shape", *shapes)))
        yield f"{'blob':{width}}  {'shape':{wide}}  {'max abs':>8}  {'max rel':>8}  ok"
        for row, shape in zip(self.rows, shapes, strict=True):
            numbers = f"{row.absolute:8.1e}  {row.relative:8.1e}"
            yield f"{row.blob:{width}}  {shape:{wide}}  {numbers}  {'yes' if row.ok else 'NO'}"
        if self.only_here:
            yield f"not compared, for {self.against} has them not: {', '.join(self.only_here)}"
        yield self._verdict()

    def _verdict(self) -> str:
        row = self.first
        if not self.rows:
            return "the net computes no blob"
        if row is None:
            worst = max(self.rows, key=lambda each: each.relative)
            return (
                f"all {len(self.rows)} blobs agree with {self.against}: at most "
                f"{worst.relative:.1e} apart, in `{worst.blob}`"
            )
        if row.shape != row.expected:
            return f"`{row.blob}` is the first to diverge from {self.against}: {_shape(row)}"
        return (
            f"`{row.blob}` is the first to diverge from {self.against}: by {row.absolute:.1e}, "
            f"{row.relative:.1e} of its largest value, where {self.tolerance:g} is allowed"
        )


def compare(here: Blobs, there: Blobs, *, against: str, tolerance: float) -> Comparison:
    """Compare the blobs that two nets both have."""
    rows = tuple(_row(blob, here[blob], there[blob], tolerance) for blob in here if blob in there)
    return Comparison(against, rows, tuple(blob for blob in here if blob not in there), tolerance)


def _row(blob: str, here: NDArray[np.float32], there: NDArray[np.float32], tolerance: float) -> Row:
    if _without_ones(here.shape) != _without_ones(there.shape):
        return Row(blob, here.shape, there.shape, float("inf"), float("inf"), ok=False)
    absolute, relative = _distance(here.ravel(), there.ravel())
    return Row(blob, here.shape, here.shape, absolute, relative, ok=relative <= tolerance)


def _distance(here: NDArray[np.float32], there: NDArray[np.float32]) -> tuple[float, float]:
    """Return the largest difference, and that over the largest magnitude; NaN equals NaN."""
    a, b = here.astype(np.float64), there.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(a - b))
    apart = np.where(np.isnan(apart), np.inf, apart)
    absolute = float(apart.max(initial=0.0))
    scale = float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
    if not absolute:
        return 0.0, 0.0
    return absolute, absolute / scale if scale else float("inf")


def _without_ones(shape: Shape) -> Shape:
    """Return the extents but those of 1: other programs keep axes that Caffe drops."""
    return tuple(extent for extent in shape if extent != 1)


def _shape(row: Row) -> str:
    here, there = extents(row.shape), extents(row.expected)
    return here if here == there else f"{here}, there {there}"
