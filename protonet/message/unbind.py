"""Message -> tree: what ``syntax.format`` prints."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from protonet.message.base import Kind, Message, Slot, float32
from protonet.syntax.tree import Block, Field, Scalar, Word


def unbind(message: Message) -> Block:
    """Return the fields of a message that are set, by number as Caffe prints them."""
    slots = sorted(type(message).slots().values(), key=lambda slot: slot.number)
    return Block(tuple(field for slot in slots for field in _fields(message, slot)), 0, 0)


def _fields(message: Message, slot: Slot) -> Iterator[Field]:
    if message.has(slot.name):
        value = getattr(message, slot.name)
        for item in value if slot.repeated else (value,):
            yield Field(slot.name, _value(item, slot.kind), 0)


def _value(value: Any, kind: Kind) -> Scalar | Block:  # noqa: PLR0911 # a table
    match kind:
        case Kind.MESSAGE:
            return unbind(value)
        case Kind.ENUM:
            return Word(value.name)
        case Kind.BOOL:
            return Word("true" if value else "false")
        case Kind.BYTES:
            return value.decode("utf-8", errors="surrogateescape")
        case Kind.FLOAT | Kind.DOUBLE if not isfinite(value):
            return Word(value)
        case Kind.FLOAT:
            return shortest(value)
        case _:
            return value


def text_of(message: Message, slot: Slot) -> str:
    """Return a field as a person reads it: the values of a repeated one in a row.

    A message within is what its fields are, in braces.
    """
    value = getattr(message, slot.name)
    return " ".join(_read(one, slot.kind) for one in (value if slot.repeated else (value,)))


def _read(value: Any, kind: Kind) -> str:
    if value is None:
        return "nothing"
    if kind is Kind.MESSAGE:
        inner: Message = value
        slots = type(inner).slots().values()
        fields = (f"{slot.name}: {text_of(inner, slot)}" for slot in slots if inner.has(slot.name))
        return f"{{ {', '.join(fields)} }}"
    if kind is Kind.STRING:
        return f'"{value}"'
    return str(_value(value, kind))


def shortest(value: float) -> float:
    """Return the same 32-bit float in the fewest digits: 0.1 for 0.10000000149, 1 for 1.0."""
    if value.is_integer() and abs(value) < _MOST_WHOLE and str(value) != "-0.0":
        return int(value)
    shorter = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next((short for short in shorter if float32(short) == value), value)


_MOST_WHOLE = 1e6
"""Floats from here on are written with an exponent."""
