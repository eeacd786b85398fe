"""What is wrong with a user's file, as data, and how it is printed.

    DiagnosticError      raised once a stage, with all problems that it found
      Diagnostic         one problem: code, message, where, what to do
        Label            a place that shows it
        Fix              a safe change of the file that repairs it
          Edit           one field of it

Codes are ``PN`` and three digits; the first is the stage: 0 text, 1 messages, 2 graph,
3 shapes, 4 weights, 5 data, 6 training, 7 lint, 8 export and comparison. docs/diagnostics.md
explains each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache

from protonet.source import Source, Span

MAX_EXCERPT = 100
"""Characters of a source line that an excerpt shows at most."""

MAX_ELSEWHERE = 3
"""Further lines of the same problem that are told by their number."""


class Severity(StrEnum):
    """How bad it is: an error stops the stage, a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place, and what is to be seen there (may be empty)."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of a text, and what to write instead.

    Attributes:
        at: The offset of its name.
        name: Its name.
        text: Fields as text; empty to remove it.
    """

    at: int
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a file that repairs a problem, and not what the file means.

    Attributes:
        what: What it does, as "removed `mirror`".
        source: The file.
        edits: The fields to change.
    """

    what: str
    source: Source
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem.

    Attributes:
        code: ``PN`` and three digits, explained in docs/diagnostics.md.
        message: A fact that stands alone: lower case, no full stop, names in backticks.
        labels: Where; the first is the place it is reported at.
        help: What to do, if we know.
        severity: Error or warning.
        file: The name of a file that the problem is about, if no label can say it.
        fix: What `protonet check --fix` does about it, if that is safe.
    """

    code: str
    message: str
    labels: tuple[Label, ...] = ()
    help: str = ""
    severity: Severity = Severity.ERROR
    file: str = ""
    fix: Fix | None = None

    def render(self) -> str:
        """Return the text a person reads: place, excerpt, what is wrong, what to do."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.severity}[{self.code}]: {self.message}"
        if self.file and not self.labels:
            yield f" --> {self.file}"
        for label in self.labels:
            yield from _excerpt(label)
        if self.help:
            yield f"  = help: {self.help}"


class DiagnosticError(Exception):
    """A user's file is at fault; ``str()`` is the rendered text of every problem."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(*self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(rendered(self.diagnostics))


def rendered(problems: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield the text of each problem; what is the same in many places of a file is told once."""
    alike: dict[object, list[Diagnostic]] = {}
    for problem in problems:
        labels = [label.text for label in problem.labels]
        file = problem.labels[0].span.source.name if labels else problem.file
        said = problem.code, problem.message, problem.help, problem.severity
        alike.setdefault((*said, file, *labels), []).append(problem)
    for first, *others in alike.values():
        yield "\n".join([first.render(), *_elsewhere(first, others)])


def _elsewhere(first: Diagnostic, others: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield the line that says where else a problem is."""
    here, *lines = dict.fromkeys(map(_line, (first, *others)))
    shown = [str(line) for line in lines[:MAX_ELSEWHERE]]
    if here is not None and shown:
        more = f" and {len(lines) - len(shown)} more" if len(lines) > len(shown) else ""
        yield f"  = also on line{'s' if len(lines) > 1 else ''} {', '.join(shown)}{more}"


def _line(problem: Diagnostic) -> int | None:
    span = problem.labels[0].span if problem.labels else None
    return span.source.location(span.start).line if span else None


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the help "did you mean `x`?" for the closest known name, or nothing.

    Args:
        name: What was written.
        known: What there is.
        cutoff: How alike they must be, from 0 to 1.
    """
    return _closest(name, tuple(known), cutoff)


@lru_cache(maxsize=256)
def _closest(name: str, known: tuple[str, ...], cutoff: float) -> str:
    """Return the help; a net has the same unknown field in many layers."""
    folded = {option.lower(): option for option in known}
    close = get_close_matches(name.lower(), folded, n=1, cutoff=cutoff)
    return f"did you mean `{folded[close[0]]}`?" if close else ""


def _excerpt(label: Label) -> Iterator[str]:
    span = label.span
    line, column = span.source.location(span.start)
    start, end = span.source.extent(line)  # the line itself may be the whole of a large file
    width = max(1, min(span.end - span.start, end - start - column + 1))
    cut = max(0, column - 1 - MAX_EXCERPT // 2) if end - start > MAX_EXCERPT else 0
    shown = span.source.text[start + cut : min(end, start + cut + MAX_EXCERPT)].expandtabs(1)
    mark = "^" * min(width, MAX_EXCERPT - (column - 1 - cut))
    margin = " " * len(str(line))
    yield f"{margin}--> {span}"
    yield f"{margin} |"
    yield f"{line} | {shown}"
    yield f"{margin} | {' ' * (column - 1 - cut)}{mark} {label.text}".rstrip()
