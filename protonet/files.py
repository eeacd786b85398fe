"""Where a file is: below the working directory, beside the file that names it, or in the package.

zoo/, solvers/, schema/ and docs/diagnostics.md come with the package. A wheel keeps them in
``protonet/share``; in a checkout they stand beside ``protonet``.
"""

import os
from difflib import get_close_matches
from functools import cache
from itertools import chain
from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.source import Source

FOLDERS = ("docs", "schema", "solvers", "zoo")
"""What a wheel carries in ``protonet/share``."""

_PACKAGE = Path(__file__).parent


def shipped_root() -> Path:
    """Return the folder that holds zoo/ and solvers/."""
    share = _PACKAGE / "share"
    return share if share.is_dir() else _PACKAGE.parent


def shipped(name: str | Path) -> Path | None:
    """Return where a file that comes with the package is, as ``solvers/lenet_digits.prototxt``."""
    relative = Path(name)
    if relative.is_absolute() or relative.parts[:1] not in {(folder,) for folder in FOLDERS}:
        return None
    path = shipped_root() / relative
    return path if _exists(path) else None


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 # unlike Path.exists it never raises


def find(name: str | Path, folder: Path | None = None) -> Path | None:
    """Return the first place where a file or folder of that name is, or None.

    Args:
        name: The path as a user wrote it.
        folder: That of the file that names it, if one does.
    """
    places = [Path(name)] if folder is None else [Path(name), folder / name]
    return next((place for place in places if _exists(place)), shipped(name))


def read(name: str | Path) -> Source:
    """Read a text file that a user named.

    Raises:
        DiagnosticError: PN021, it is not there or cannot be read.
    """
    try:
        return Source.read(find(name) or Path(name))
    except OSError as error:
        raise DiagnosticError([unreadable(name, error)]) from None


def unreadable(name: str | Path, error: OSError, labels: tuple[Label, ...] = ()) -> Diagnostic:
    """Return the diagnostic of a file that could not be read."""
    reason = (error.strerror or str(error)).lower()
    return Diagnostic("PN021", f"cannot read `{name}`: {reason}", labels, help=_similar(str(name)))


def _similar(name: str) -> str:
    beside = Path(name).parent.glob("*")
    known = [*map(str, beside), *shipped_names()]
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"did you mean `{close[0]}`?" if close else ""


@cache
def shipped_names() -> tuple[str, ...]:
    """Return the nets and solvers that come with the package, as users name them."""
    root = shipped_root()
    paths = (sorted((root / folder).rglob("*.prototxt")) for folder in ("solvers", "zoo"))
    return tuple(path.relative_to(root).as_posix() for path in chain(*paths))
