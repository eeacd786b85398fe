"""Lists of image files, a line each: ``path label``."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve, resolve
from protonet.data.sources.base import Image
from protonet.data.sources.images import Colour, decode
from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape

_ATOI = re.compile(r"\s*([+-]?\d+)")


class Entry(NamedTuple):
    """One line: the path before the last blank, the number after it."""

    path: str
    label: int


def parse_list(text: str) -> list[Entry]:
    """Read a list as Caffe does.

    The label is what C's ``atoi`` sees behind the last blank, or in a line that has none. A blank
    at the end of a line thus leaves label 0 and a path that holds the number.
    """
    return [_entry(line) for line in text.removesuffix("\n").split("\n")] if text else []


def _entry(line: str) -> Entry:
    path, _, rest = line.rpartition(" ")
    number = _ATOI.match(rest)
    return Entry(path if " " in line else line, int(number[1]) if number else 0)


class ImageList:
    """The images of a list; see `Reader`.

    Args:
        path: The list.
        root_folder: Put before each path, without a slash between.
        colour: Which channels to make.
        size: Height and width to resize to.
        find: Where a file is that the list names.

    Raises:
        DiagnosticError: PN505, the list cannot be read or is empty.
    """

    def __init__(
        self,
        path: Path,
        *,
        root_folder: str = "",
        colour: Colour = Colour.BGR,
        size: tuple[int, int] | None = None,
        find: Resolve = Path,
    ) -> None:
        self.name = str(path)
        self._path = path
        self._entries = parse_list(read_text(path))
        self._root_folder = root_folder
        self._colour = colour
        self._size = size
        self._find = find
        if not self._entries:
            raise fault(Fault.LIST, f"the list `{path}` is empty", file=path)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self) -> Shape:
        """Return channels, height and width of the first image."""
        return self._image(0).pixels.shape

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield these images.

        Raises:
            DiagnosticError: PN506, a file is missing or no image.
        """
        return (self._image(index) for index in indices)

    def _image(self, index: int) -> Image:
        path, label = self._entries[index]
        named = self._root_folder + path
        try:
            file = resolve(str(self._find(named)), self._path.parent).read_bytes()
            return Image(decode(file, self._colour, self._size), label)
        except OSError as error:
            raise self._bad(index, named, (error.strerror or str(error)).lower()) from error
        except ValueError as error:
            raise self._bad(index, named, str(error)) from error

    def _bad(self, index: int, named: str, why: str) -> DiagnosticError:
        path = self._entries[index].path
        hint = ""
        if "\t" in path:
            hint = "a blank, not a tab, must stand before the label"
        elif re.search(r" \d+$", path):
            hint = "the line ends with a blank, so that its label is taken for a part of the path"
        return fault(
            Fault.IMAGE,
            f"line {index + 1} of `{self._path}`: cannot read the image `{named}`: {why}",
            help=hint,
            file=self._path,
        )


def read_text(path: Path) -> str:
    """Return the text of a list; names that are no UTF-8 are kept.

    Raises:
        DiagnosticError: PN505, it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise fault(Fault.LIST, f"cannot read the list `{path}`: {why}", file=path) from error
