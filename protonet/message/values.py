"""Values of fields: which a field takes, and what is told of another."""

import re

from protonet.diagnostics import did_you_mean
from protonet.message.base import INT_BOUNDS, Kind, Message, Slot
from protonet.message.reader import reader
from protonet.syntax.tree import Block, Value, Word

_VALUE = re.compile(r"[\w.+-]+")

_MOST_NAMES = 8
"""Values of an enum that a help lists at most."""


def readable(slot: Slot, value: Value, message: type[Message]) -> bool:
    """Tell whether a field of a message takes a value, one of its list."""
    try:
        convert = reader(message).field(slot.name)[1][type(value)]
        if convert is not None:
            convert(value)
    except (KeyError, ValueError):
        return False
    return True


def wanted(slot: Slot) -> str:
    """Return what a field takes."""
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


def bounds(slot: Slot) -> str:
    """Return what an integer is to be that is none of the field's values."""
    if slot.kind not in INT_BOUNDS:
        return wanted(slot)
    least, most = INT_BOUNDS[slot.kind]
    return f"an integer from {least} to {most}"


def shown(value: Value) -> str:
    """Return how a sentence shows a value."""
    match value:
        case Word():
            return f"the word `{value}`"
        case str():
            return f'the string "{value}"'
        case Block():
            return "a message"
        case _:
            return f"`{value}`"


def advice(slot: Slot, value: Value) -> str:
    """Return what to write instead, where a value tells what was meant."""
    match slot.kind, value:
        case Kind.ENUM, Word():
            return did_you_mean(value, slot.type.__members__)
        case Kind.STRING | Kind.BYTES, Word():
            return f'put it in quotes: "{value}"'
        case Kind.MESSAGE, _:
            return f"write `{slot.name} {{ {_named(slot.type, value)} }}`"
        case Kind.BOOL, Word() if value.lower() in _YES_OR_NO:
            return f"write `{_YES_OR_NO[value.lower()]}`"
        case _:
            return _number(slot, value)


def _named(message: type[Message], value: Value) -> str:
    """Return the field of a message that a value must be meant for: ``phase: TRAIN``."""
    slots = message.slots().values() if isinstance(value, Word) else ()
    enums = (slot for slot in slots if slot.kind == Kind.ENUM)
    return next((f"{one.name}: {value}" for one in enums if value in one.type.__members__), "...")


_YES_OR_NO = {"yes": "true", "on": "true", "true": "true"} | dict.fromkeys(
    ("no", "off", "false"), "false"
)


def _number(slot: Slot, value: Value) -> str:
    """Return what to write for a number, or for a word like `true`."""
    match slot.kind, value:
        case Kind.INT32 | Kind.INT64 | Kind.UINT32, float() if value.is_integer():
            return f"write `{value:.0f}`"
        case _, str() if not isinstance(value, Word) and _VALUE.fullmatch(value):
            return f"write `{value}` without quotes"
        case Kind.INT32 | Kind.INT64 | Kind.UINT32 | Kind.FLOAT, Word() if value.isupper():
            return "if it is a placeholder, fill it in first"
        case _:
            return ""
