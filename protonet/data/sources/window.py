"""Windows of images, for detection: lists as `WindowData` reads them.

# index
path
channels height width
number of windows
class overlap x1 y1 x2 y2      (a line a window; corners count from 0 and belong to it)
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import cv2, np
from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve, resolve
from protonet.data.sources.images import Colour, decode
from protonet.data.sources.list_text import read_text
from protonet.layers.window_data import WindowDataParameter
from protonet.message.base import float32

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

CHANNELS = 3  # images are read in colour, whatever the list says


class Window(NamedTuple):
    """A window of an image; corners are pixels that belong to it."""

    path: str
    label: int
    x1: int
    y1: int
    x2: int
    y2: int


class Cut(NamedTuple):
    """A window that was warped: ``(h, w, C)`` bytes, and where in the top they go."""

    pixels: "NDArray[np.uint8]"
    label: int
    top: int
    left: int


class WindowList:
    """The windows of a list, those of the foreground and those of the background.

    Args:
        path: The list.
        param: How they are drawn and warped.
        crop_size: The extent they are warped to.
        mirror: Mirror half of them.
        find: Where a file is that the list names.

    Raises:
        DiagnosticError: PN505 or PN514, the list cannot be read, or lacks a kind of window;
            PN512, no room is left beside the context.
    """

    def __init__(
        self, path: Path, param: WindowDataParameter, *, crop_size: int, mirror: bool, find: Resolve
    ) -> None:
        if crop_size <= 2 * param.context_pad:
            raise fault(
                Fault.OPTION,
                f"`context_pad: {param.context_pad}` on both sides fills `crop_size: {crop_size}`",
                help="use a `context_pad` below half of `crop_size`",
            )
        self._path = path
        self._param = param
        self._crop_size = crop_size
        self._mirror = mirror
        self._find = find
        self._read = lru_cache(maxsize=None if param.cache_images else 0)(Path.read_bytes)
        foreground = int(np.float32(param.batch_size or 0) * np.float32(param.fg_fraction))
        self._numbers = ((param.batch_size or 0) - foreground, foreground)
        self._kinds = parse_windows(path, param)
        for number, windows, kind in zip(self._numbers, self._kinds, _KINDS, strict=True):
            if number and not windows:
                raise fault(Fault.WINDOWS, f"the list `{path}` has no {kind} window", file=path)

    def draw(self, random: "Generator") -> Iterator[Cut]:
        """Yield the windows of a batch: first those of the background.

        Raises:
            DiagnosticError: PN506 or PN514, a window cannot be read.
        """
        for number, windows in zip(self._numbers, self._kinds, strict=True):
            for _ in range(number):
                window = windows[int(random.integers(len(windows)))]
                yield self._cut(window, mirrored=self._mirror and bool(random.integers(2)))

    def _cut(self, window: Window, *, mirrored: bool) -> Cut:
        image = self._image(window.path)
        height, width = image.shape[:2]
        rows, columns = _Span(window.y1, window.y2), _Span(window.x1, window.x2)
        vertical = horizontal = _Placed(0, self._crop_size)
        if self._param.context_pad or self._param.crop_mode == "square":
            longest = max(rows.half, columns.half) if self._param.crop_mode == "square" else None
            rows, vertical = self._expand(rows, longest, height, mirrored=False)
            columns, horizontal = self._expand(columns, longest, width, mirrored=mirrored)
        if not (rows.within(height) and columns.within(width)):
            raise fault(
                Fault.WINDOWS,
                f"a window of `{window.path}` lies outside the image, {height} x {width}:"
                f" {window[2:]}",
                help="corners are x1 y1 x2 y2, count from 0 and belong to the window",
                file=self._path,
            )
        part = image[rows.first : rows.last + 1, columns.first : columns.last + 1]
        warped = cv2.resize(part, (horizontal.extent, vertical.extent))
        if mirrored:
            warped = cv2.flip(warped, 1)
        return Cut(
            warped.astype(np.uint8, copy=False), window.label, vertical.start, horizontal.start
        )

    def _image(self, path: str) -> "NDArray[np.uint8]":
        named = self._param.root_folder + path
        try:
            file = self._read(resolve(str(self._find(named)), self._path.parent))
            return decode(file, Colour.BGR).transpose(1, 2, 0)
        except (OSError, ValueError) as error:
            why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else error
            message = f"`{self._path}`: cannot read the image `{named}`: {why}"
            raise fault(Fault.IMAGE, message, file=self._path) from error

    def _expand(
        self, span: "_Span", half: "np.float32 | None", limit: int, *, mirrored: bool
    ) -> tuple["_Span", "_Placed"]:
        """Widen one axis of a window for its context, and clip it at the image's edge."""
        size, pad = self._crop_size, self._param.context_pad
        reach = (half if half is not None else span.half) * (
            np.float32(size) / np.float32(size - 2 * pad)
        )
        wide = _Span(_round(span.centre - reach), _round(span.centre + reach))
        before, after = max(0, -wide.first), max(0, wide.last - limit + 1)
        clipped = _Span(wide.first + before, wide.last - after)
        scale = np.float32(size) / np.float32(wide.extent)
        start = _round(np.float32(after if mirrored else before) * scale)
        extent = _round(np.float32(clipped.extent) * scale)
        return clipped, _Placed(start, min(extent, size - start))


_KINDS = ("background", "foreground")


class _Span(NamedTuple):
    """Pixels of one axis; both ends belong to it. Halves are float32, as in Caffe's arithmetic."""

    first: int
    last: int

    @property
    def extent(self) -> int:
        return self.last - self.first + 1

    def within(self, limit: int) -> bool:
        return 0 <= self.first <= self.last < limit

    @property
    def half(self) -> "np.float32":
        return np.float32(self.extent) / np.float32(2)

    @property
    def centre(self) -> "np.float32":
        return np.float32(self.first) + self.half


class _Placed(NamedTuple):
    """Where a warped axis lies in the top."""

    start: int
    extent: int


def parse_windows(
    path: Path, param: WindowDataParameter
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """Read a list; return the windows of the background, of class 0, and those of the foreground.

    Raises:
        DiagnosticError: PN505 or PN514, it cannot be read.
    """
    background: list[Window] = []
    foreground: list[Window] = []
    try:
        for overlap, window in _windows(iter(read_text(path).split())):
            if overlap >= param.fg_threshold:
                foreground.append(window)
            elif overlap < param.bg_threshold:
                background.append(window._replace(label=0))
    except (ValueError, TypeError) as error:
        message = f"`{path}` is no list of windows: {error}"
        raise fault(Fault.WINDOWS, message, file=path) from error
    return tuple(background), tuple(foreground)


def _windows(words: Iterator[str]) -> Iterator[tuple[float, Window]]:
    """Yield overlaps and windows; ValueError or TypeError where the text ends or is wrong."""
    while next(words, None) is not None:  # `#`
        _, image, channels, _, _, number = islice(words, 6)
        if int(channels) != CHANNELS:
            raise ValueError(f"`{image}` has {channels} channels, not {CHANNELS}")
        for _ in range(int(number)):
            label, overlap, *corners = islice(words, 6)
            yield float32(float(overlap)), Window(image, int(label), *map(int, corners))


def _round(value: "np.float32") -> int:
    """Return the nearest integer; halves go away from zero, as in C."""
    return (1 if value >= 0 else -1) * floor(abs(float(value)) + 0.5)
