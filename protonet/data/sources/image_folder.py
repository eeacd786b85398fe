"""Folders with a folder for each class: what images are in them, in the order of names."""

import os
from pathlib import Path
from typing import NamedTuple

from protonet.data.faults import Fault, fault
from protonet.data.sources.image_list import Entry

ENDINGS = frozenset(
    [
        ".bmp",
        ".dib",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".ras",
        ".sr",
        ".tif",
        ".tiff",
        ".webp",
    ]
)
"""How the names of images end, in small letters."""


class ImageFolder(NamedTuple):
    """What a folder holds.

    Attributes:
        entries: The images, class by class; paths begin with that of the folder.
        classes: The names of the classes; the first is label 0.
    """

    entries: list[Entry]
    classes: tuple[str, ...]


def read_folder(path: Path) -> ImageFolder:
    """Look through a folder: each folder in it that has images is a class, in order of names.

    Files in deeper folders belong to the class, too. Names that begin with a dot are left out.

    Raises:
        DiagnosticError: PN505, there are no images in it.
    """
    found = {name: images for name in _folders(path) if (images := _images(path / name))}
    if not found:
        raise fault(
            Fault.LIST,
            f"the folder `{path}` has no folder with images in it",
            help="give each class a folder, or give a list of files",
            file=path,
        )
    entries = [Entry(image, label) for label, name in enumerate(found) for image in found[name]]
    return ImageFolder(entries, tuple(found))


def _folders(path: Path) -> list[str]:
    with os.scandir(path) as items:
        return sorted(item.name for item in items if item.is_dir() and item.name[0] != ".")


def _images(path: Path) -> list[str]:
    found: list[str] = []
    for folder, folders, names in os.walk(path, followlinks=True):
        folders[:] = [name for name in folders if name[0] != "."]
        endings = (os.path.splitext(name)[1].lower() for name in names)  # noqa: PTH122 # a million times
        found += [
            f"{folder}/{name}"
            for name, ending in zip(names, endings, strict=True)
            if ending in ENDINGS and name[0] != "."
        ]
    return sorted(found, key=lambda image: image.split("/"))
