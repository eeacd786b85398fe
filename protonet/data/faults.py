"""What is wrong with data, as diagnostics."""

from enum import StrEnum
from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.source import readable


class Fault(StrEnum):
    """The codes; docs/diagnostics.md explains each."""

    NO_SOURCE = "PN501"
    NO_PLYVEL = "PN502"
    DATABASE = "PN503"
    RECORD = "PN504"
    LIST = "PN505"
    IMAGE = "PN506"
    SIZES = "PN507"
    CROP = "PN508"
    MEAN = "PN509"
    HDF5 = "PN510"
    ARRAYS = "PN511"
    OPTION = "PN512"
    STATE = "PN513"
    WINDOWS = "PN514"
    MISSING = "PN515"
    LABELS = "PN516"
    BYTES = "PN517"
    SKIPPED = "PN518"
    ALL_BAD = "PN519"
    NO_LAYER = "PN530"
    NO_DATA_SET = "PN531"
    SAMPLE = "PN532"
    UNREADABLE_SAMPLE = "PN533"
    JOINT = "PN534"
    EPOCH = "PN535"
    PART = "PN561"


def fault(code: StrEnum, message: str, *, help: str = "", file: Path | str = "") -> DiagnosticError:  # noqa: A002 # a diagnostic's own word
    """Return one problem as an exception; ``file`` is where the fault lies."""
    # A name from a list may hold bytes that are no UTF-8 (lone surrogates), which no one can print.
    problem = Diagnostic(code.value, readable(message), help=help, file=str(file))
    return DiagnosticError([problem])
