"""A curve in characters, for the terminal."""

import math
from collections.abc import Iterator, Sequence

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille character, row by row; U+2800 has none of them."""
BLANK = 0x2800
COLUMNS, ROWS = len(DOTS[0]), len(DOTS)
LARGEST_RATIO = 50
"""Values that differ by more make a logarithmic axis worth while."""


def columns(width: int) -> int:
    """Return how many values fill a curve of that many characters."""
    return COLUMNS * width


def curve(
    values: Sequence[float], *, last: int, height: int = 10, geometric: bool = False
) -> Iterator[str]:
    """Yield the lines of a curve with its axes.

    Args:
        values: At evenly spaced places, two to a character.
        last: What stands at the right end of the horizontal axis, which begins at 0.
        height: Lines of the curve itself.
        geometric: The values go down by factors: their axis may be logarithmic.
    """
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    logarithmic = geometric and low > 0 and high / low > LARGEST_RATIO
    low = low if logarithmic else min(low, 0.0)
    heights = [_height(v, low, high, logarithmic) for v in values]
    labels = {0: f"{high:.3g}", height - 1: f"{low:.3g}"}
    margin = max(map(len, labels.values()))
    for at, line in enumerate(_drawn(heights, height)):
        tick = "┤" if at in labels else "│"
        yield f"{labels.get(at, ''):>{margin}} {tick}{line}".rstrip(chr(BLANK))
    width = -(-len(values) // COLUMNS)
    yield f"{'':>{margin}} └{'─' * width}"
    axis = "logarithmic" if logarithmic else ""
    yield f"{'':>{margin}}  0{axis.center(width - 1 - len(str(last)))}{last}"


def _height(value: float, low: float, high: float, logarithmic: bool) -> float | None:
    """Return where a value is between the lowest, 0, and the highest, 1."""
    if not math.isfinite(value):
        return None
    if high == low:
        return 1.0
    if logarithmic:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def _drawn(heights: Sequence[float | None], height: int) -> Iterator[str]:
    """Draw the dots; those of neighbours are joined."""
    most = ROWS * height - 1
    rows = [[BLANK] * -(-len(heights) // COLUMNS) for _ in range(height)]
    before: int | None = None
    for column, share in enumerate(heights):
        now = None if share is None else most - round(share * most)
        if now is not None:
            start = now if before is None else before
            for row in range(min(start, now), max(start, now) + 1):
                at, bit = divmod(column, COLUMNS)
                rows[row // ROWS][at] |= DOTS[row % ROWS][bit]
        before = now
    for row in rows:
        yield "".join(map(chr, row))
