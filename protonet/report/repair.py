"""`check --fix`: what can be repaired in a file without changing what it means."""

from collections.abc import Iterator
from dataclasses import replace

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.lint.rule import EVERYTHING, Selection
from protonet.report.check import check_source
from protonet.source import Source
from protonet.spec import edit
from protonet.spec.change import place
from protonet.spec.rewrite import rewrite
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.weights.atomic import replacing

_MARK = b"\xef\xbb\xbf"
_ROUNDS = 10
"""How often a file is read again at most: a repair may show what it hid."""


def repair(source: Source, selection: Selection = EVERYTHING) -> tuple[Source, tuple[str, ...]]:
    """Return a file repaired, and a line for each repair: ``file:line:column: what``.

    The spellings of forks become today's, fields without effect go. Comments and layout stay, and
    repairing it again changes nothing. A text that cannot be parsed stays as it is.

    Args:
        source: A net or a solver; what it names is left alone.
        selection: The codes whose problems are repaired.
    """
    done: list[str] = []
    for _ in range(_ROUNDS):
        try:
            text, lines = _once(source, selection)
        except DiagnosticError:
            break
        if text == source.text:
            break
        done += lines
        source = replace(source, text=text)
    return source, tuple(done)


def _once(source: Source, selection: Selection) -> tuple[str, list[str]]:
    tree = parse(source)
    respelled, changes = rewrite(tree)
    changes = tuple(change for change in changes if selection.wants(change.code))
    if changes:
        lines = [f"{place(tree, change.at)}: {change.what}" for change in changes]
        return splice(tree, respelled), lines
    text, fixes = edit.apply(source, _fixes(check_source(source, selection)))
    return text, [f"{place(tree, fix.edits[0].at)}: {fix.what}" for fix in fixes]


def _fixes(problems: tuple[Diagnostic, ...]) -> Iterator[edit.Fix]:
    return (problem.fix for problem in problems if problem.fix is not None)


def write(source: Source) -> None:
    """Write a repaired file in place of what it was read from, whole or not at all.

    Raises:
        DiagnosticError: PN408, it cannot be written.
    """
    assert source.path is not None, "standard input is not repaired in place"
    path = source.path.resolve()
    with replacing(path) as temporary:
        mark = _MARK if path.read_bytes().startswith(_MARK) else b""
        temporary.write_bytes(mark + source.text.encode("utf-8", "surrogateescape"))
        temporary.chmod(path.stat().st_mode)
