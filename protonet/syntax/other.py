"""Files that are taken for nets and are none."""

import re

from protonet.diagnostics import Diagnostic, Label
from protonet.source import Source, Span

_HEAD = 4096
"""How many characters are looked at."""

_TEXT_FORMAT = 'it is not protobuf\'s text format, as in `name: "net" layer { ... }`'
_KINDS = (
    (
        re.compile(r"\s*+<(?:!doctype|html|head|\?xml)\b", re.IGNORECASE),
        "a web page or XML",
        "download the file itself: on GitHub, what `Raw` shows",
    ),
    (re.compile(r"\s*+404: Not Found\s*+\Z"), "what a server answers that has no such file", ""),
    (
        re.compile(r"version https://git-lfs\.github\.com/"),
        "a pointer of Git LFS",
        "fetch the file that it stands for: `git lfs pull`",
    ),
    (re.compile(r"\s*+\{\s*+\""), "JSON", _TEXT_FORMAT),
    (
        re.compile(
            r"(?:\s++|#[^\n]*+\n)*+(?:import|from)[ \t]+\w[\w.]*(?:[ \t]+(?:import|as)\b|[ \t]*\n)"
        ),
        "a Python program",
        "run it: perhaps it writes a prototxt",
    ),
    (
        re.compile(r"(?:---[^\n]*\n)?diff --git |--- a/|Index: \S+\n==="),
        "a patch",
        "apply it first",
    ),
)


def of_text(source: Source) -> Diagnostic | None:
    """Return PN020 for a text that is something else than text format; None if it may be that."""
    head = source.text[:_HEAD]
    for pattern, what, advice in _KINDS:
        if found := pattern.match(head):
            start = len(found[0]) - len(found[0].lstrip())
            return something_else(Span(source, start, found.end()), what, advice)
    return None


def something_else(span: Span, what: str, advice: str) -> Diagnostic:
    """PN020: the file is something else than what was asked for.

    Args:
        span: What it can be told by.
        what: What it is, as "a label map".
        advice: What to do.
    """
    message = f"`{span.source.name}` is {what}"
    return Diagnostic("PN020", message, (Label(span),), advice)
