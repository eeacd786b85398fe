"""The text of a file that names others."""

import codecs
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from protonet.data.faults import Fault, fault
from protonet.diagnostics import DiagnosticError

_KINDS: Mapping[bytes, str] = MappingProxyType(
    {
        codecs.BOM_UTF16_LE: "UTF-16 text",
        codecs.BOM_UTF16_BE: "UTF-16 text",
        b"\x89HDF": "an HDF5 file",
        b"\xff\xd8": "an image",
        b"\x89PNG": "an image",
    }
)


def read_text(path: Path) -> str:
    """Return the text of a list; names that are no UTF-8 are kept.

    Raises:
        DiagnosticError: PN505, it cannot be read, or is no UTF-8 text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise fault(Fault.LIST, f"cannot read the list `{path}`: {why}", file=path) from error
    if b"\0" in data:
        raise _no_text(path, data)
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="surrogateescape")


def _no_text(path: Path, data: bytes) -> DiagnosticError:
    found = [kind for begin, kind in _KINDS.items() if data.startswith(begin)]
    what = found[0] if found else "not text"
    help_ = "a list is UTF-8 text that names files, and `source` names the list"
    return fault(Fault.LIST, f"`{path}` is {what}, so it is no list", help=help_, file=path)
