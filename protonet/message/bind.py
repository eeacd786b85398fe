"""Tree -> message: unknown names, wrong values, missing and repeated fields, all in one run.

A tree without a mistake is read by ``reader``, which stops at the first thing it cannot read and
knows no places. Only then the tree is walked again, with the same converters, to say what is wrong
where.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

from pydantic import ValidationError

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.message.base import INT_BOUNDS, Kind, Message, Slot, name_of
from protonet.message.reader import reader
from protonet.source import Span
from protonet.syntax.tree import Block, Field, Tree, Value, Word

M = TypeVar("M", bound=Message)


def bind(tree: Tree, message: type[M], block: Block | None = None) -> M:
    """Read a message; ``tree.place`` finds the places of its fields again.

    Args:
        tree: What was parsed.
        message: The class to read it as.
        block: The part of the tree to read; all of it unless given.

    Raises:
        DiagnosticError: PN101 to PN104, all that were found.
    """
    block = tree.root if block is None else block
    bound = None
    with suppress(KeyError, ValueError):  # the second walk tells
        bound = reader(message).read(block)
    # Whether an integer was written in decimal, as floats must be, is to be seen in the text only.
    if bound is None or _NOT_DECIMAL.search(tree.source.text):
        problems = tuple(_Faults(tree).of(block, message))
        if problems:
            raise DiagnosticError(problems)
    assert isinstance(bound, message), "a tree that cannot be read has a fault"
    return bound


_NOT_DECIMAL = re.compile(r"0(?<![\w.]0)[0-9xX]")  # begins with what is rare: twice as fast

_VALUE = re.compile(r"[\w.+-]+")

_MOST_NAMES = 8
"""Values of an enum that a help lists at most."""


class _Faults:
    """Finds what is wrong with a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def of(
        self, block: Block, message: type[Message], outer: type[Message] | None = None
    ) -> Iterator[Diagnostic]:
        """Yield the faults of a block: of its fields, then what is missing, then constraints."""
        found = [*self._fields(block, message, outer), *self._missing(block, message)]
        yield from found
        if not found:
            yield from self._constraints(block, message)

    def _fields(
        self, block: Block, message: type[Message], outer: type[Message] | None
    ) -> Iterator[Diagnostic]:
        slots = message.slots()
        first: dict[str, Field] = {}
        for field in block.fields:
            slot = slots.get(field.name)
            if slot is None:
                yield self._unknown(field, block, message, outer)
            elif field.name in first and not slot.repeated:
                yield self._twice(field, first[field.name])
            else:
                first[field.name] = field
                yield from self._values(field, slot, message)

    def _unknown(
        self, field: Field, block: Block, message: type[Message], outer: type[Message] | None
    ) -> Diagnostic:
        return Diagnostic(
            "PN101",
            f"unknown field `{field.name}`",
            (Label(self._tree.name_span(field), f"not a field of `{name_of(message)}`"),),
            _belongs(field.name, block, message, outer)
            or did_you_mean(field.name, message.slots()),
        )

    def _twice(self, field: Field, first: Field) -> Diagnostic:
        return Diagnostic(
            "PN104",
            f"`{field.name}` is given twice",
            (
                Label(self._tree.name_span(field), "here again"),
                Label(self._tree.name_span(first), "first given here"),
            ),
            "keep one of them: it takes a single value",
        )

    def _missing(self, block: Block, message: type[Message]) -> Iterator[Diagnostic]:
        slots = message.slots()
        given = {field.name for field in block.fields}
        unknown = given - slots.keys()
        for name in [name for name, slot in slots.items() if slot.required and name not in given]:
            # An unknown field that is close to a missing one is one mistake: PN101 has told it.
            if not any(did_you_mean(other, [name]) for other in unknown):
                span = Span(self._tree.source, block.at, block.at + 1)
                what = f"`{name_of(message)}` needs it"
                yield Diagnostic("PN103", f"missing field `{name}`", (Label(span, what),))

    def _values(self, field: Field, slot: Slot, message: type[Message]) -> Iterator[Diagnostic]:
        if type(field.value) is tuple and not slot.repeated:
            yield self._wrong(field, slot, "a list", "write one value, without brackets")
            return
        values = field.value if type(field.value) is tuple else (field.value,)
        for value in values:
            if isinstance(value, Block) and slot.kind == Kind.MESSAGE:
                yield from self.of(value, slot.type, message)
            elif not _readable(slot, value, message):
                yield self._wrong(field, slot, _shown(value), _advice(slot, value))
        written = self._written(field)
        if slot.kind in (Kind.FLOAT, Kind.DOUBLE) and _NOT_DECIMAL.search(written):
            yield self._wrong(field, slot, f"`{written}`", "write it in decimal")

    def _written(self, field: Field) -> str:
        """Return a scalar, or a list of them, as it stands in the text."""
        span, text = self._tree.value_span(field), self._tree.source.text
        if type(field.value) is tuple:
            return text[span.start : text.find("]", span.start)]
        return text[span.start : span.end] if type(field.value) is int else ""

    def _refused(self, message: str, span: Span, advice: str = "") -> Diagnostic:
        return Diagnostic("PN102", message, (Label(span),), advice)

    def _wrong(self, field: Field, slot: Slot, shown: str, advice: str) -> Diagnostic:
        wanted = _bounds(slot) if type(field.value) is int else _wanted(slot)
        message = f"`{field.name}` takes {wanted}, not {shown}"
        return self._refused(message, self._tree.value_span(field), advice)

    def _constraints(self, block: Block, message: type[Message]) -> Iterator[Diagnostic]:
        try:
            reader(message).read(block)
        except ValidationError as error:
            for detail in error.errors():
                name = str(detail["loc"][0]) if detail["loc"] else ""
                field = next(block.all(name), None)
                start = Span(self._tree.source, block.at, block.at + 1)
                span = self._tree.value_span(field) if field else start
                fact = detail["msg"][0].lower() + detail["msg"][1:]
                yield self._refused(f"`{name or name_of(message)}`: {fact}", span)


def _belongs(name: str, block: Block, message: type[Message], outer: type[Message] | None) -> str:
    """Return where a field that stands in the wrong block should stand, if that is to be seen."""
    given = {field.name for field in block.fields}
    for slot in message.slots().values():
        if slot.name in given and slot.kind == Kind.MESSAGE and name in slot.type.slots():
            return f"it belongs in `{slot.name} {{ ... }}`"
    if outer is not None and name in outer.slots():
        return f"it is a field of `{name_of(outer)}`: write it one level up"
    return ""


def _readable(slot: Slot, value: Value, message: type[Message]) -> bool:
    try:
        convert = reader(message).field(slot.name)[1][type(value)]
        if convert is not None:
            convert(value)
    except (KeyError, ValueError):
        return False
    return True


def _wanted(slot: Slot) -> str:
    match slot.kind:
        case Kind.BOOL:
            return "`true` or `false`"
        case Kind.STRING | Kind.BYTES:
            return "a string"
        case Kind.FLOAT | Kind.DOUBLE:
            return "a number"
        case Kind.MESSAGE:
            return "a message in braces"
        case Kind.ENUM:
            names = [f"`{name}`" for name in slot.type.__members__]
            few = f"{', '.join(names[:-1])} or {names[-1]}"
            return few if len(names) <= _MOST_NAMES else f"a `{slot.type.__name__}`"
        case _:
            return "an integer"


def _bounds(slot: Slot) -> str:
    """Return what an integer is to be that is none of the field's values."""
    if slot.kind not in INT_BOUNDS:
        return _wanted(slot)
    least, most = INT_BOUNDS[slot.kind]
    return f"an integer from {least} to {most}"


def _shown(value: Value) -> str:
    match value:
        case Word():
            return f"the word `{value}`"
        case str():
            return f'the string "{value}"'
        case Block():
            return "a message"
        case _:
            return f"`{value}`"


def _advice(slot: Slot, value: Value) -> str:
    """Return what to write instead, where a value tells what was meant."""
    match slot.kind, value:
        case Kind.ENUM, Word():
            return did_you_mean(value, slot.type.__members__)
        case Kind.STRING | Kind.BYTES, Word():
            return f'put it in quotes: "{value}"'
        case Kind.MESSAGE, _:
            return f"write `{slot.name} {{ ... }}`"
        case Kind.INT32 | Kind.INT64 | Kind.UINT32, float() if value.is_integer():
            return f"write `{value:.0f}`"
        case _, str() if not isinstance(value, Word) and _VALUE.fullmatch(value):
            return f"write `{value}` without quotes"
        case _:
            return ""
