"""Blobs in a ``.npz``: inputs that a user gives, and goldens."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.export.verify_compare import Blobs
from protonet.net import Net
from protonet.weights.atomic import replacing


def read_arrays(path: str | Path) -> Blobs:
    """Read all arrays of a ``.npz``, as float32.

    Raises:
        DiagnosticError: PN021, it cannot be read; PN824, it is none.
    """
    try:
        with np.load(path, allow_pickle=False) as opened:
            return {name: np.asarray(opened[name], np.float32) for name in opened.files}
    except OSError as error:
        raise DiagnosticError([files.unreadable(path, error)]) from None
    except (AttributeError, EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error):
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN824",
                    f"`{Path(path).name}` holds no arrays of numbers by name",
                    help="write it with `numpy.savez(path, data=...)`, an array for each blob",
                    file=str(path),
                )
            ]
        ) from None


def write_arrays(path: str | Path, blobs: Blobs) -> None:
    """Write blobs as a ``.npz``.

    Raises:
        DiagnosticError: PN408, it cannot be written.
    """
    arrays: Mapping[str, object] = dict(blobs)
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)  # pyright: ignore[reportArgumentType] # names are blobs'


def inputs_of(net: Net, arrays: Blobs, path: str | Path) -> Blobs:
    """Return a net's inputs from a file; their batch may be another.

    Raises:
        DiagnosticError: PN825, one is missing or of another shape.
    """
    problems = [
        Diagnostic("PN825", why, help=f"its inputs are {shown(net)}", file=str(path))
        for blob, shape in net.inputs.items()
        if (why := _fault(blob, shape, arrays))
    ]
    if problems:
        raise DiagnosticError(problems)
    return {blob: arrays[blob] for blob in net.inputs}


def shown(net: Net) -> str:
    """Return the names and shapes of a net's inputs."""
    return ", ".join(f"`{blob}` {shape}" for blob, shape in net.inputs.items())


def _fault(blob: str, shape: tuple[int, ...], arrays: Blobs) -> str:
    if blob not in arrays:
        return f"there is no array for the input `{blob}`"
    given = arrays[blob].shape
    if (len(given), given[1:]) == (len(shape), shape[1:]):
        return ""
    return f"the array for the input `{blob}` is {given}, the net takes {shape}"
