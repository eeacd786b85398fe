"""Lists of image files, a line each: ``path label``."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from protonet.data.faults import Fault, fault
from protonet.data.identity import of_files
from protonet.data.paths import Resolve, resolve
from protonet.data.sources.base import Image
from protonet.data.sources.images import Colour, decode
from protonet.data.sources.list_text import read_text
from protonet.data.sources.presence import missing, spelled
from protonet.diagnostics import DiagnosticError
from protonet.shape import Shape

SHOWN = 5
"""How many lines a diagnostic names."""

DIGITS = 18
"""Of a label at most: what goes on, as in a file that is no list, is not read."""

_ATOI = re.compile(rf"\s*([+-]?\d{{1,{DIGITS}}})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ENDS_BLANK = "ends with a blank, so that its label is taken for a part of the path"
_QUOTED = re.compile(r'"([^"]+)"\s+(.*)')


class Entry(NamedTuple):
    """One line.

    Attributes:
        path: The file.
        label: The number after it.
        more: The numbers after that, for further tops.
    """

    path: str
    label: float
    more: tuple[float, ...] = ()


def parse_list(text: str, labels: int = 1) -> list[Entry]:
    """Read a list.

    With one label it is what C's ``atoi`` sees behind the last blank, or in a line that has none,
    as in Caffe. A blank at the end of a line thus leaves label 0 and a path that holds the number.
    A tab between path and numbers, and a path in double quotes, mean what they look like.

    Args:
        text: Of the list.
        labels: How many numbers a line has. One that has not so many gives an entry with fewer.
    """
    lines = lines_of(text)
    if labels == 1:
        return [_entry(line) for line in lines]
    return [_tabbed(line) or _several(line, labels) for line in lines]


def _entry(line: str) -> Entry:
    special = _tabbed(line) if "\t" in line or line[:1] == '"' else None
    if special:
        return special
    path, blank, rest = line.rpartition(" ")
    # As nearly all of a million are.
    if blank and rest.isascii() and rest.isdigit() and len(rest) <= DIGITS:
        return Entry(path, int(rest))
    number = _ATOI.match(rest)
    return Entry(path if blank else line, int(number[1]) if number else 0)


def _tabbed(line: str) -> Entry | None:
    """Read a line whose path is quoted or ends with a tab."""
    quoted = _QUOTED.match(line)
    path, tab, rest = (quoted[1], "\t", quoted[2]) if quoted else line.partition("\t")
    words = rest.split()
    if not (tab and path and words and all(map(_NUMBER.fullmatch, words))):
        return None
    label, *more = map(_number, words)
    return Entry(path, label, tuple(more))


def _several(line: str, labels: int) -> Entry:
    path, *words = line.rstrip().rsplit(None, labels) or [line]
    numbers = [_number(word) for word in words if _NUMBER.fullmatch(word)]
    if len(numbers) < len(words) or not numbers:
        return Entry(line, 0)
    return Entry(path, numbers[0], tuple(numbers[1:]))


def _number(word: str) -> float:
    return float(word) if set(word) & set(".eE") or len(word) > DIGITS else int(word)


class ImageList:
    """The images of a list; see `Reader`.

    Args:
        path: The list, or the folder that was looked through.
        entries: What was found; what the list says if None.
        root_folder: Put before each path, without a slash between.
        colour: Which channels to make.
        size: Height and width to resize to.
        find: Where a file is that the list names.
        labels: How many numbers each entry has.

    Raises:
        DiagnosticError: PN505, there are none; PN516, some have another number of labels.
    """

    def __init__(
        self,
        path: Path,
        entries: Sequence[Entry] | None = None,
        *,
        root_folder: str = "",
        colour: Colour = Colour.BGR,
        size: tuple[int, int] | None = None,
        find: Resolve = Path,
        labels: int = 1,
    ) -> None:
        self.name = str(path)
        self._path = path
        self._is_list = entries is None
        self._entries = parse_list(read_text(path), labels) if entries is None else entries
        self._root_folder = root_folder
        self._colour = colour
        self._size = size
        self._find = find
        if not self._entries:
            raise fault(Fault.LIST, f"the list `{path}` is empty", file=path)
        self._check_labels(labels)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self) -> Shape:
        """Return channels, height and width of the first image.

        Raises:
            DiagnosticError: PN506, it cannot be read; PN515, if files are missing, all of them.
        """
        try:
            return self._image(0).pixels.shape
        except DiagnosticError:
            self.check()
            raise

    def identity(self) -> object:
        """Return the list, its files, and what is made of them."""
        paths = (self._where(self.label(index)) for index in range(len(self)))
        labels = sha256(repr([entry[1:] for entry in self._entries]).encode()).hexdigest()
        return (of_files(paths), labels, self._colour.name, self._size)

    def fixed_shape(self) -> Shape | None:
        """Return the shape that all have if they are resized."""
        return self.shape() if self._size else None

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        """Yield these images.

        Raises:
            DiagnosticError: PN506, a file is missing or no image.
        """
        return (self._image(index) for index in indices)

    def label(self, index: int) -> str:
        """Return what an image is called: its file."""
        return self._root_folder + self._entries[index].path

    def missing(self) -> list[int]:
        """Return the numbers of the images whose files are not there."""
        names = [self._root_folder + path if path else "" for path, *_ in self._entries]
        return missing(names, self._where)

    def check(self) -> None:
        """See that all files are there.

        Raises:
            DiagnosticError: PN515, some are not.
        """
        gone = self.missing()
        if not gone:
            return
        lines = ", ".join(f"line {at + 1} `{self.label(at)}`" for at in islice(gone, SHOWN))
        raise fault(
            Fault.MISSING,
            f"{len(gone):,} of the {len(self):,} files that `{self._path}` names are not there:"
            f" {lines}{', ...' if gone[SHOWN:] else ''}",
            help=self._hint(gone),
            file=self._path,
        )

    def _hint(self, gone: Sequence[int]) -> str:
        lines = lines_of(read_text(self._path)) if self._is_list else ()
        for index in islice(gone, SHOWN):
            named = Path(self.label(index))
            places = (named, self._path.parent / named, self._where(str(named.parent)) / named.name)
            near = next(filter(None, map(spelled, places)), None)
            if near and self._entries[index].path:
                return f"line {index + 1}: did you mean `{near}`? case matters in names"
            if hint := form_hint(lines[index], self._is_there) if index < len(lines) else "":
                return f"line {index + 1} {hint}"
        return "`root_folder` is put before each name; `on_bad_image: SKIP` goes on without them"

    def _is_there(self, path: str) -> bool:
        return os.path.isfile(self._where(self._root_folder + path))  # noqa: PTH113 # unlike Path.is_file it never raises

    def _where(self, named: str) -> Path:
        return resolve(str(self._find(named)), self._path.parent)

    def _image(self, index: int) -> Image:
        _, label, more = self._entries[index]
        named = self.label(index)
        try:
            file = self._where(named).read_bytes()
            return Image(decode(file, self._colour, self._size), label, more)
        except OSError as error:
            raise self._bad(index, named, (error.strerror or str(error)).lower()) from error
        except ValueError as error:
            raise self._bad(index, named, str(error)) from error

    def _bad(self, index: int, named: str, why: str) -> DiagnosticError:
        place = f"line {index + 1} of `{self._path}`: " if self._is_list else ""
        message = f"{place}cannot read the image `{named}`: {why}"
        help_ = f"the line {_ENDS_BLANK}" if re.search(r" \d+$", named) else ""
        return fault(Fault.IMAGE, message, help=help_, file=self._path)

    def _check_labels(self, labels: int) -> None:
        odd = [at for at, entry in enumerate(self._entries) if len(entry.more) != labels - 1]
        if odd:
            lines = ", ".join(str(at + 1) for at in odd[:SHOWN])
            raise fault(
                Fault.LABELS,
                f"{len(odd):,} of the {len(self):,} lines of `{self._path}` do not have the"
                f" {labels} labels that the layer has tops for: line {lines}"
                f"{', ...' if odd[SHOWN:] else ''}",
                help="a line is a path and a number for each top after the first",
                file=self._path,
            )


def lines_of(text: str) -> list[str]:
    """Return the lines of a list."""
    return text.removesuffix("\n").split("\n") if text else []


def form_hint(line: str, is_there: Callable[[str], bool]) -> str:
    """Tell what is wrong with the form of a line whose file is missing, if that can be seen.

    Args:
        line: The line.
        is_there: Tells whether a path of the list is that of a file.
    """
    line = line.removesuffix("\r")
    path, _, last = line.rpartition(" ")
    if not line.strip():
        return "is empty"
    if line[-1].isspace():
        return _ENDS_BLANK
    if is_there(last):
        return "has the path last; it comes first, and then a blank and the label"
    for separator in ",;":
        if separator in line and is_there(line.rpartition(separator)[0].rstrip()):
            return f"has a `{separator}` where a blank parts path and label"
    while path and _NUMBER.fullmatch(path.rpartition(" ")[2]):
        path = path.rpartition(" ")[0]
        if is_there(path):
            return "has several numbers: give the layer a top for each, or keep one"
    return ""
