"""What is wrong with what the tools are asked to do, as diagnostics."""

from enum import StrEnum
from pathlib import Path

from protonet.data import faults
from protonet.diagnostics import DiagnosticError


class Fault(StrEnum):
    """The codes; docs/diagnostics.md explains each."""

    OUTPUT = "PN540"
    SIZES = "PN541"
    NO_IMAGES = "PN542"
    NO_SOURCE = "PN543"
    PARTS = "PN544"
    UNFINISHED = "PN545"
    TEXTURES = "PN546"
    BLOB = "PN550"
    LABELS = "PN551"
    NO_CLASSIFIER = "PN552"
    MEAN = "PN553"
    NO_DATA = "PN554"
    FEATURES = "PN555"
    SMALL = "PN556"


def fault(code: Fault, message: str, *, help: str = "", file: Path | str = "") -> DiagnosticError:  # noqa: A002 # a diagnostic's own word
    """Return one problem as an exception; ``file`` is where the fault lies."""
    return faults.fault(code, message, help=help, file=file)
