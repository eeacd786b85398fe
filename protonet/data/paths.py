"""Where the files are that a prototxt names."""

from collections.abc import Callable
from pathlib import Path

from protonet import files

Resolve = Callable[[str], Path]
"""Finds a file by the name that a prototxt gives it."""


def resolve(name: str, base: Path | None = None) -> Path:
    """Return where a named file is; what is nowhere is given as named.

    Args:
        name: The path as a user wrote it.
        base: The folder of the file that names it, if one does.
    """
    return files.find(name, base) or Path(name)
