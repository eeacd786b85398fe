"""What can be wrong with a file of weights, as diagnostics."""

from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import Shape
from protonet.source import readable

BINARY_LIMIT = 2**31 - 1
"""Bytes that protobuf, and so Caffe, reads from one binary file at most."""


def corrupt(path: Path, reason: str, help: str = "") -> DiagnosticError:  # noqa: A002 # a diagnostic's own word
    """Return PN401: the file is cut short, damaged, or of another format."""
    message = f"`{path.name}` cannot be read as weights: {reason}"
    return DiagnosticError([Diagnostic("PN401", message, help=help, file=str(path))])


def wrong_count(path: Path, blob: str, shape: Shape, stored: int) -> DiagnosticError:
    """Return PN402: a blob stores more or fewer values than its shape has."""
    message = (
        f"{blob} has the shape {shape} but stores {stored:,} value{'' if stored == 1 else 's'}"
    )
    return DiagnosticError([Diagnostic("PN402", message, file=str(path))])


def too_large(path: Path, size: int) -> DiagnosticError:
    """Return PN403: a binary file beyond protobuf's limit of 2 GiB."""
    return DiagnosticError(
        [
            Diagnostic(
                "PN403",
                f"{size:,} bytes are more than the 2 GiB that a binary file of Caffe may hold",
                help="use `.caffemodel.h5` (`snapshot_format: HDF5`) or `.safetensors`",
                file=str(path),
            )
        ]
    )


def unknown_values(path: Path, blob: str, kind: str) -> DiagnosticError:
    """Return PN404: a blob's values are of a type that no weights have."""
    message = f"{blob} stores its values as {kind}"
    return DiagnosticError(
        [
            Diagnostic(
                "PN404",
                message,
                help="weights are 16-, 32- or 64-bit floats, written in the file itself",
                file=str(path),
            )
        ]
    )


def unwritable(path: Path, error: OSError) -> DiagnosticError:
    """Return PN408: a file cannot be written; what stood there before is untouched."""
    message = f"cannot write `{path}`: {(error.strerror or str(error)).lower()}"
    return DiagnosticError([Diagnostic("PN408", message, file=str(path))])


def unnamable(path: Path, error: UnicodeEncodeError) -> DiagnosticError:
    """Return PN408: a file would hold a name that is not UTF-8, and its format knows no such.

    Those of Caffe, and pickle, do; safetensors and zip archives, and text, do not.
    """
    before, after = error.object[: error.start], error.object[error.start :]
    name = readable(before.rpartition("\n")[2] + after.partition("\n")[0])
    message = f"cannot write `{path}`: it would hold `{name}`, which is not UTF-8"
    help_ = "write the file of the net in UTF-8; `.caffemodel`, `.h5` and `.pth` hold any name"
    return DiagnosticError([Diagnostic("PN408", message, help=help_, file=str(path))])
