"""Python text as ruff formats it: literals, calls, and statements broken into lines."""

from collections.abc import Sequence
from itertools import accumulate
from typing import cast

import numpy as np

WIDTH = 88
"""Characters of a line: ruff's and black's own default."""
INDENT = 4


def literal(value: object) -> str:
    """Return a value as code; a string is code already, a float32 is as short as it can be."""
    match value:
        case str():
            return value
        case float():
            return repr(shortest(value))
        case tuple() | list():
            items = [literal(item) for item in cast("Sequence[object]", value)]  # of whatever
            if isinstance(value, list):
                return f"[{', '.join(items)}]"
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
        case _:
            return repr(value)


def shortest(value: float) -> float:
    """Return the number that a prototxt said: 0.001 for the float32 next to it."""
    return float(str(np.float32(value)))


def call(function: str, *arguments: object, **keywords: object) -> str:
    """Return a call as code."""
    given = [literal(argument) for argument in arguments]
    given += [f"{name}={literal(value)}" for name, value in keywords.items()]
    return f"{function}({', '.join(given)})"


def changed(**values: tuple[object, object]) -> dict[str, object]:
    """Return the keywords whose value, the first of a pair, is not the default, the second."""
    return {name: value for name, (value, default) in values.items() if value != default}


def side(extents: Sequence[int]) -> int | tuple[int, ...]:
    """Return a number for each axis, or one where all are the same, as torch's modules take it."""
    return extents[0] if len(set(extents)) == 1 else tuple(extents)


def statement(head: str, expression: str, *, indent: int, tail: str = "") -> str:
    """Return ``head expression tail``, on one line or on several.

    Args:
        head: What goes before, as ``x = `` or ``return``.
        expression: A name, a call, a list, or a sum or product of such.
        indent: Spaces before it.
        tail: What follows, as a comma or a colon.
    """
    start = f"{' ' * indent}{head}"
    line = f"{start}{expression}{tail}"
    if _fits(line):
        return line
    at = _last_opening(expression)
    if at is None and not _operators(expression):
        return line
    opening = f"{start}{expression[: (at or 0) + 1]}"
    if at is None or _operators(expression) or not _fits(opening):
        return _in_parentheses(start, expression, indent=indent, tail=tail)
    function, inside, closing = expression[:at], expression[at + 1 : -1], expression[-1]
    pad = " " * (indent + INDENT)
    # A call's arguments may share a line; items of a list or tuple may not.
    if function and closing == ")" and _fits(f"{pad}{inside}"):
        return f"{opening}\n{pad}{inside}\n{' ' * indent}{closing}{tail}"
    lines = [_item(item, indent + INDENT) for item in split(inside, ", ")]
    return "\n".join((opening, *lines, f"{' ' * indent}{closing}{tail}"))


def _fits(text: str) -> bool:
    return len(text.rpartition("\n")[2]) <= WIDTH


def split(text: str, separator: str) -> list[str]:
    """Return the parts of code between separators that stand in no brackets."""
    parts, depth, start = list[str](), 0, 0
    for at, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if not depth and text.startswith(separator, at) and at >= start:
            parts.append(text[start:at])
            start = at + len(separator)
    return [*parts, text[start:]]


def _item(item: str, indent: int) -> str:
    """Return an argument or an item on a line, or lines, of its own."""
    name, equals, value = item.partition("=")
    if equals and name.isidentifier():
        return statement(f"{name}=", value, indent=indent, tail=",")
    return statement("", item, indent=indent, tail=",")


def _last_opening(expression: str) -> int | None:
    """Return where the bracket opens that the expression ends with."""
    if expression[-1] not in ")]":
        return None
    back = accumulate((c in ")]") - (c in "([") for c in reversed(expression))
    return len(expression) - 1 - next(at for at, depth in enumerate(back) if not depth)


def _operators(expression: str) -> list[str]:
    """Return the operators of the least precedence that stand in no brackets."""
    for operators in ((" + ", " - "), (" * ", " / ")):
        found = [operator for operator in operators if len(split(expression, operator)) > 1]
        if found:
            return found
    return []


def _in_parentheses(start: str, expression: str, *, indent: int, tail: str) -> str:
    pad = " " * (indent + INDENT)
    body = f"{pad}{expression}"
    if not _fits(body):
        for operator in _operators(expression):
            body = f"\n{pad}{operator.lstrip()}".join(split(body, operator))
    return f"{start}(\n{body}\n{' ' * indent}){tail}"
