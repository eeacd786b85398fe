"""The tree of a prototxt: fields in file order, each with its place.

    Tree             a source and its root
      Block          the fields between two braces, or of the whole file
        Field        name, value, offset of the name
          value      Word | str | int | float | Block | a tuple of these, written `[a, b]`

Nodes are plain tuples: a net of 7,000 lines has as many fields, and reading it must not take long.
Only the offset of a field's name is stored; other places are found again in the text when needed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias, Union

from protonet.source import Source, Span

BLANK = r"(?:[ \t\r\n\v\f]++|\#[^\n]*+)*+"
"""What may stand between two tokens: white space and comments."""


class Word(str):
    """An identifier as a value: an enum's name, ``true``, ``inf``, ``-nan``; never quoted."""

    __slots__ = ()


Scalar: TypeAlias = Word | str | int | float
Value: TypeAlias = Union[Scalar, "Block", tuple[Union[Scalar, "Block"], ...]]


class Field(NamedTuple):
    """One field: ``at`` is the character offset of its name."""

    name: str
    value: Value
    at: int


class Block(NamedTuple):
    """Fields in file order.

    ``at`` is the offset of ``{`` (0 for a file), ``end`` of what follows ``}``. A message that
    stands in no text, made by an upgrade or from a ``Message``, has ``end == at``.
    """

    fields: tuple[Field, ...]
    at: int
    end: int

    @property
    def in_text(self) -> bool:
        """Tell whether the braces stand in the source."""
        return self.end > self.at

    def all(self, name: str) -> Iterator[Field]:
        """Yield the fields of that name, in file order."""
        return (field for field in self.fields if field.name == name)

    def blocks(self, name: str) -> Iterator["Block"]:
        """Yield the messages under that name, those in a list one by one."""
        for field in self.all(name):
            values = field.value if type(field.value) is tuple else (field.value,)
            yield from (value for value in values if isinstance(value, Block))


class Comment(NamedTuple):
    """A comment with its ``#``, and the offset of it."""

    text: str
    at: int


@dataclass(frozen=True)
class Tree:
    """A parsed source."""

    source: Source
    root: Block

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """All comments, in file order."""
        found = _STRING_OR_COMMENT.finditer(self.source.text)
        return tuple(Comment(m[0].rstrip(), m.start()) for m in found if m[0].startswith("#"))

    def name_span(self, field: Field) -> Span:
        """Return the place of a field's name."""
        return Span(self.source, field.at, field.at + len(field.name))

    def value_span(self, field: Field) -> Span:
        """Return the place of a field's value; of a message, its opening brace."""
        text = self.source.text
        found = _TO_VALUE.match(text, field.at)
        if found is None:  # a field that an upgrade made: show where it came from
            return self.name_span(field)
        return Span(self.source, found.end("to"), found.end())

    def place(self, *path: str | int) -> Span:
        """Return the place of a message path, as ``("layer", 3, "convolution_param", "pad", 0)``.

        A number counts the values of a repeated field. Where the path leaves the tree (a default, a
        missing field), the place is that of the deepest part that is there.
        """
        block, span, found = self.root, Span(self.source, self.root.at, self.root.at + 1), None
        for name, index in _steps(path):
            if block is self.root:  # a net has many layers, and maybe as many problems
                found = next(iter(self._outermost.get(name, [])[index : index + 1]), None)
            else:
                found = _nth(block, name, index)
            if found is None:
                return span
            field, value = found
            span = self.name_span(field)
            if not isinstance(value, Block):
                return self.value_span(field)
            block = value
        return span

    @cached_property
    def _outermost(self) -> dict[str, list[tuple[Field, Value]]]:
        """The values of the file's own fields, by name."""
        found: dict[str, list[tuple[Field, Value]]] = {}
        for field in self.root.fields:
            values = field.value if type(field.value) is tuple else (field.value,)
            found.setdefault(field.name, []).extend((field, value) for value in values)
        return found


_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*')
_TO_VALUE = re.compile(
    rf"(?P<to>[A-Za-z_]\w*+{BLANK}:?{BLANK})"
    rf"(?:[{{<\[]|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|-?{BLANK}[\w.+-]+)",
)


def _steps(path: tuple[str | int, ...]) -> Iterator[tuple[str, int]]:
    """Yield (name, index) pairs of a path; a name without a number means its first value."""
    for at, name in enumerate(path):
        if isinstance(name, str):
            after = path[at + 1] if at + 1 < len(path) else 0
            yield name, after if isinstance(after, int) else 0


def _nth(block: Block, name: str, index: int) -> tuple[Field, Value] | None:
    for field in block.all(name):
        values = field.value if type(field.value) is tuple else (field.value,)
        if index < len(values):
            return field, values[index]
        index -= len(values)
    return None
