"""What an upgrade did to a file."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from protonet.diagnostics import Diagnostic, Label, Severity
from protonet.source import Span
from protonet.syntax.tree import Block, Field, Scalar, Tree, Value

_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an upgrade did.

    Attributes:
        what: A fact, as a diagnostic's message: "`layers` became `layer`".
        at: The offset of the field that it was done to.
        lossy: Something that the file says has no place in today's format and was left out.
        code: Of the warning about it, where it is a fork's spelling.
    """

    what: str
    at: int
    lossy: bool = False
    code: str = ""


def told(tree: Tree, changes: Iterable[Change]) -> list[str]:
    """Return a line for each change, ``file:line:column: what``, in the order of the text."""
    ordered = sorted(changes, key=lambda change: change.at)
    return list(dict.fromkeys(f"{place(tree, change.at)}: {change.what}" for change in ordered))


def losses(tree: Tree, changes: Iterable[Change]) -> tuple[Diagnostic, ...]:
    """Return a warning, PN016, for all that an upgrade of ``tree`` left out."""
    return tuple(
        Diagnostic(
            code="PN016",
            message=change.what,
            labels=(Label(place(tree, change.at)),),
            help="Caffe leaves it out as well; remove it",
            severity=Severity.WARNING,
        )
        for change in changes
        if change.lossy
    )


def place(tree: Tree, at: int) -> Span:
    """Return the place of the field whose name is at an offset."""
    name = _NAME.match(tree.source.text, at)
    return Span(tree.source, at, name.end() if name else at)


def values(block: Block, name: str) -> Iterator[tuple[Scalar | Block, int]]:
    """Yield the values under a name, those in a list one by one, and where each comes from."""
    for field in block.all(name):
        if isinstance(field.value, tuple) and not isinstance(field.value, Block):
            yield from ((item, field.at) for item in field.value)
        else:
            yield field.value, field.at


def in_blocks(value: Value, change: Callable[[Block], Block]) -> Value:
    """Return a value with its message changed, or those in its list."""
    if isinstance(value, Block):
        return change(value)
    if isinstance(value, tuple):
        return tuple(change(item) if isinstance(item, Block) else item for item in value)
    return value


def made(at: int, *fields: Field) -> Block:
    """Return a message that stands in no text, made from what stands at an offset."""
    return Block(fields, at, at)
