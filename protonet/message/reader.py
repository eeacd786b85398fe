"""Tree -> message where nothing is wrong: fast, and blind for places."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from protonet.message.base import INT_BOUNDS, Kind, Message, Slot, declared_slots, float32
from protonet.syntax.tree import Block, Word

Convert = Callable[[Any], Any]
"""Turns a value of the tree into that of a message; raises KeyError or ValueError."""


Field = tuple[bool, Mapping[type, Convert | None]]
"""Whether it is repeated, and how a value is read, by its type; None takes it as it is."""


class Reader:
    """Reads messages of one class."""

    def __init__(self, message: type[Message]) -> None:
        self._message = message
        self._make = message.maker()
        # A layer's messages, which `slots` adds to these, are never required.
        self._required = {n for n, slot in declared_slots(message).items() if slot.required}
        self._fields: dict[str, Field] = {}

    def field(self, name: str) -> Field:
        """Return how a field is read.

        Found out when first asked for: LayerParameter has sixty messages, a net uses five, and a
        plugin may bring another.

        Raises:
            KeyError: There is no such field.
        """
        if name not in self._fields:
            slot = self._message.slots()[name]
            self._fields[name] = (slot.repeated, converters(slot))
        return self._fields[name]

    def read(self, block: Block) -> Message:
        """Read a message.

        Raises:
            KeyError: There is a mistake.
            ValueError: There is a mistake.
        """
        values: dict[str, Any] = {}
        lists: dict[str, list[Any]] = {}
        known = self._fields
        for name, value, _ in block.fields:
            repeated, convert = known.get(name) or self.field(name)
            if repeated and type(value) is tuple:
                lists.setdefault(name, []).extend(_each(value, convert))
                continue
            how = convert[type(value)]
            read = how(value) if how else value
            if not repeated:
                if name in values:
                    raise ValueError(name)
                values[name] = read
            elif name in lists:
                lists[name].append(read)
            else:
                lists[name] = [read]
        for name, items in lists.items():
            values[name] = tuple(items)
        if not self._required <= values.keys():
            raise ValueError(self._required)
        return self._make(values)


def _each(values: tuple[Any, ...], convert: Mapping[type, Convert | None]) -> list[Any]:
    return [how(value) if (how := convert[type(value)]) else value for value in values]


@cache
def reader(message: type[Message]) -> Reader:
    """Return the reader of a class."""
    return Reader(message)


def converters(slot: Slot) -> Mapping[type, Convert | None]:  # noqa: PLR0911 # a table
    """Return how a value of the tree is read, by its type; None leaves it as it is."""
    match slot.kind:
        case Kind.MESSAGE:
            return {Block: reader(slot.type).read}
        case Kind.ENUM:
            return {Word: slot.type.__members__.__getitem__, int: slot.type}
        case Kind.STRING:
            return {str: None}
        case Kind.BYTES:
            return {str: _bytes}
        case Kind.BOOL:
            return {Word: _BOOLS.__getitem__, int: {0: False, 1: True}.__getitem__}
        case Kind.FLOAT:
            return {float: float32, int: float32, Word: _special}
        case Kind.DOUBLE:
            return {float: None, int: float, Word: _special}
        case _:
            return {int: _bounded(*INT_BOUNDS[slot.kind])}


_BOOLS: Mapping[str, bool] = {
    "true": True,
    "True": True,
    "t": True,
    "false": False,
    "False": False,
    "f": False,
}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def _special(word: str) -> float:
    if word.lower().removeprefix("-") not in {"inf", "infinity", "nan"}:
        raise ValueError(word)
    return float(word)


def _bounded(least: int, most: int) -> Convert:
    def convert(value: int) -> int:
        if not least <= value <= most:
            raise ValueError(value)
        return value

    return convert
