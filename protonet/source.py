"""Text with a name, and places in it."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


class Location(NamedTuple):
    """A place as editors count: both numbers start at 1, columns are characters."""

    line: int
    column: int


def readable(text: str) -> str:
    """Return text that everything can show: bytes that are no UTF-8 are question marks in it."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


@dataclass(frozen=True)
class Source:
    """The text of one file.

    Attributes:
        text: The whole text; bytes that are no UTF-8 stand in it as lone surrogates.
        name: What diagnostics call it, usually its path.
        path: Where it was read, if it was.
    """

    text: str
    name: str = "<text>"
    path: Path | None = None

    @classmethod
    def read(cls, path: Path) -> "Source":
        """Read a file; a byte-order mark is skipped, line ends stay as they are.

        Raises:
            OSError: The file cannot be read.
        """
        text = path.read_bytes().decode("utf-8", errors="surrogateescape")
        return cls(text.removeprefix("\ufeff"), str(path), path)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def location(self, offset: int) -> Location:
        """Return the line and column of a character offset."""
        line = bisect_right(self._line_starts, offset)
        return Location(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Return line ``number`` (from 1) without its line end."""
        start, end = self.extent(number)
        return self.text[start:end]

    def extent(self, number: int) -> tuple[int, int]:
        """Return where line ``number`` begins and where its line end does."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] if number < len(self._line_starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end


@dataclass(frozen=True, slots=True)
class Span:
    """The characters ``start`` to ``end`` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    def __str__(self) -> str:
        """Return ``file:line:column``."""
        line, column = self.source.location(self.start)
        return f"{self.source.name}:{line}:{column}"
