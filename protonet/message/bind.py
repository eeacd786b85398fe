"""Tree -> message: unknown names, wrong values, missing and repeated fields, all in one run.

A tree without a mistake is read by ``reader``, which stops at the first thing it cannot read and
knows no places. Only then the tree is walked again, with the same converters, to say what is wrong
where.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Protocol, TypeVar, cast

from pydantic import ValidationError

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.message.base import Kind, Message, Slot, declared_slots, name_of
from protonet.message.reader import reader
from protonet.message.values import advice, bounds, readable, shown, wanted
from protonet.source import Span
from protonet.syntax.tree import Block, Field, Tree, Value

M = TypeVar("M", bound=Message)


class Foreign(Protocol):
    """Knows of fields and values more than their message says: ``spec/foreign``."""

    def field(
        self, tree: Tree, field: Field, block: Block, message: type[Message]
    ) -> Diagnostic | str | None:
        """Return what a field is that its message does not have, or what to do about it.

        Nothing is told of it if that is None: another problem of the same block says it all.
        """
        ...

    def value(self, slot: Slot, value: Value) -> str:
        """Return what to write instead of a value that the field cannot have."""
        ...


def bind(
    tree: Tree, message: type[M], block: Block | None = None, foreign: Foreign | None = None
) -> M:
    """Read a message; ``tree.place`` finds the places of its fields again.

    Args:
        tree: What was parsed.
        message: The class to read it as.
        block: The part of the tree to read; all of it unless given.
        foreign: Asked about every unknown field; what it answers stands instead of PN101, or is the
            help of it.

    Raises:
        DiagnosticError: PN101 to PN104, all that were found.
    """
    bound = attempt(tree, message, block)
    if bound is None:
        raise faults(tree, message, block, foreign)
    return bound


def attempt(tree: Tree, message: type[M], block: Block | None = None) -> M | None:
    """Read a message; None if anything is wrong, which `bind` takes its time to tell."""
    block = block or tree.root
    bound = _read(block, message)
    # Whether an integer was written in decimal, as floats must be, is to be seen in the text only.
    is_suspect = bound is not None and _NOT_DECIMAL.search(tree.source.text)
    return None if is_suspect and any(_Faults(tree, None).of(block, message)) else bound


def faults(
    tree: Tree,
    message: type[Message],
    block: Block | None = None,
    foreign: Foreign | None = None,
) -> DiagnosticError:
    """Return what `bind` raises for a message that `attempt` could not read."""
    problems = tuple(_Faults(tree, foreign).of(block or tree.root, message))
    assert problems, "a tree that cannot be read has a fault"
    return DiagnosticError(problems)


def _read(block: Block, message: type[M]) -> M | None:
    try:
        return cast("M", reader(message).read(block))
    except (KeyError, ValueError):
        return None


_NOT_DECIMAL = re.compile(r"0(?<![\w.]0)[0-9xX]")  # begins with what is rare: twice as fast


class _Faults:
    """Finds what is wrong with a tree."""

    def __init__(self, tree: Tree, foreign: Foreign | None) -> None:
        self._tree = tree
        self._foreign = foreign
        self._is_decimal = not _NOT_DECIMAL.search(tree.source.text)

    def of(
        self, block: Block, message: type[Message], outer: type[Message] | None = None
    ) -> Iterator[Diagnostic]:
        """Yield the faults of a block: of its fields, then what is missing, then constraints."""
        found = [*self._fields(block, message, outer), *self._missing(block, message)]
        yield from found
        if not found and message.is_constrained():
            yield from self._constraints(block, message)

    def _fields(
        self, block: Block, message: type[Message], outer: type[Message] | None
    ) -> Iterator[Diagnostic]:
        slots = message.slots()
        first: dict[str, Field] = {}
        names = {field.name: None for field in block.fields}
        for field in block.fields:
            slot = slots.get(field.name)
            if slot is None:
                told = self._told(field, block, message)
                if isinstance(told, str):
                    told = self._unknown(field, names, message, outer, told)
                yield from (told,) if told else ()
            elif field.name in first and not slot.repeated:
                yield self._twice(field, first[field.name])
            else:
                first[field.name] = field
                yield from self._values(field, slot, message)

    def _told(self, field: Field, block: Block, message: type[Message]) -> Diagnostic | str | None:
        return self._foreign.field(self._tree, field, block, message) if self._foreign else ""

    def _unknown(
        self,
        field: Field,
        names: dict[str, None],
        message: type[Message],
        outer: type[Message] | None,
        advice: str,
    ) -> Diagnostic:
        return Diagnostic(
            "PN101",
            f"unknown field `{field.name}`",
            (Label(self._tree.name_span(field), f"not a field of `{name_of(message)}`"),),
            advice or _belongs(field.name, names, message, outer) or _similar(field.name, message),
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
        required = _required(message)
        if not required:
            return
        given = {field.name for field in block.fields}
        unknown = given - message.slots().keys()
        for name in required:
            if name in given:
                continue
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
                if not (self._is_decimal and _read(value, slot.type)):  # most have no fault
                    yield from self.of(value, slot.type, message)
            elif not readable(slot, value, message):
                told = self._foreign.value(slot, value) if self._foreign else ""
                yield self._wrong(field, slot, shown(value), told or advice(slot, value))
        if slot.kind in (Kind.FLOAT, Kind.DOUBLE) and type(field.value) in (int, tuple):
            written = self._written(field)
            if _NOT_DECIMAL.search(written):
                yield self._wrong(field, slot, f"`{written}`", "write it in decimal")

    def _written(self, field: Field) -> str:
        """Return a scalar, or a list of them, as it stands in the text."""
        span, text = self._tree.value_span(field), self._tree.source.text
        if type(field.value) is tuple:
            return text[span.start : text.find("]", span.start)]
        return text[span.start : span.end] if type(field.value) is int else ""

    def _refused(self, message: str, span: Span, advice: str = "") -> Diagnostic:
        return Diagnostic("PN102", message, (Label(span),), advice)

    def _wrong(self, field: Field, slot: Slot, found: str, help_: str) -> Diagnostic:
        takes = bounds(slot) if type(field.value) is int else wanted(slot)
        message = f"`{field.name}` takes {takes}, not {found}"
        return self._refused(message, self._tree.value_span(field), help_)

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


@lru_cache(maxsize=256)
def _similar(name: str, message: type[Message]) -> str:
    """Return the help for an unknown field; a net has it in many layers."""
    if not name.endswith(_PARAM):
        return did_you_mean(name, message.slots())
    # What all of them end with would make any two alike.
    stems = [known.removesuffix(_PARAM) for known in message.slots() if known.endswith(_PARAM)]
    return did_you_mean(name.removesuffix(_PARAM), stems).replace("`?", f"{_PARAM}`?")


_PARAM = "_param"


@cache
def _required(message: type[Message]) -> tuple[str, ...]:
    # A layer's own messages, the fields that are not declared, are never required.
    return tuple(name for name, slot in declared_slots(message).items() if slot.required)


def _belongs(
    name: str, given: Iterable[str], message: type[Message], outer: type[Message] | None
) -> str:
    """Return where a field that stands in the wrong block should stand, if that is to be seen."""
    slots = message.slots()
    for other in sorted(given):
        slot = slots.get(other)
        if slot is not None and slot.kind == Kind.MESSAGE and name in slot.type.slots():
            return f"it belongs in `{other} {{ ... }}`"
    if outer is not None and name in outer.slots():
        return f"it is a field of `{name_of(outer)}`: write it one level up"
    return ""
