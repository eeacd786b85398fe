"""What a list of images, or a folder with a folder for each class, names."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from protonet.data.faults import Fault, fault
from protonet.data.paths import resolve
from protonet.data.sources.image_folder import read_folder
from protonet.data.sources.image_list import parse_list
from protonet.data.sources.list_text import read_text

LABELS = 2**31
"""Labels from 0 on, and as many below it, that a Datum holds."""


class Entry(NamedTuple):
    """An image: its name, as a list has it or from the folder on, and its class."""

    name: str
    label: int


@dataclass(frozen=True, slots=True)
class Listed:
    """Images by name.

    Attributes:
        path: The list or the folder.
        entries: The images in order.
        root: Put before each name, without a slash between.
        classes: The names of the classes, if they are folders.
    """

    path: Path
    entries: Sequence[Entry]
    root: str = ""
    classes: tuple[str, ...] = ()

    def file(self, index: int) -> Path:
        """Return where an image is."""
        return resolve(self.root + self.entries[index].name, self.path.parent)

    def shuffled(self, seed: int) -> "Listed":
        """Return them in an order that the seed decides."""
        entries = list(self.entries)
        random.Random(seed).shuffle(entries)  # noqa: S311 # no secret
        return replace(self, entries=entries)


def list_images(path: Path, root: str = "") -> Listed:
    """Read a list, or look through a folder.

    Args:
        path: The list or the folder.
        root: Put before each name of a list, without a slash between.

    Raises:
        DiagnosticError: PN505, the list cannot be read, is empty, or has a label that no record
            holds; or the folder has no class.
    """
    if path.is_dir():
        found, begin = read_folder(path), f"{path}/"
        entries = [Entry(one.path.removeprefix(begin), int(one.label)) for one in found.entries]
        return Listed(path, entries, begin, found.classes)
    lines = parse_list(read_text(path))
    if not lines:
        raise fault(Fault.LIST, f"the list `{path}` is empty", file=path)
    for at, line in enumerate(lines):
        if not -LABELS <= line.label < LABELS:
            message = f"line {at + 1} of `{path}`: a record cannot hold the label {line.label}"
            raise fault(Fault.LIST, message, help="a label is a number of 32 bits", file=path)
    return Listed(path, [Entry(line.path, int(line.label)) for line in lines], root)
