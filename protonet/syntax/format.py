"""Tree to text: the inverse of parse, in the one canonical layout.

Two spaces a level, `name: value`, `name {` ... `}`, one field a line; a message that stood on one
line stays there if it fits. Comments and single blank lines are kept, numbers keep their spelling.
"""

import re
from bisect import bisect_left

from protonet.syntax import scalar
from protonet.syntax.tree import BLANK, Block, Field, Scalar, Tree, Value, Word

WIDTH = 100
"""Columns that a message on one line may fill."""

_MAX_SHORT_NAMES = 2
"""Different fields that a message from no text may have on one line."""

_STRING = r"(?:\"(?:\\.|[^\"\\\n])*+\"|'(?:\\.|[^'\\\n])*+')"
_NUMBER = rf"(?:-{BLANK})?[\w.](?:[eE][+-]|[\w.])*+"
_VALUE = re.compile(
    rf"(?P<name>[A-Za-z_]\w*+){BLANK}:?{BLANK}(?:(?P<list>\[)|{_STRING}(?:{BLANK}{_STRING})*|(?P<number>{_NUMBER}))",
    re.ASCII,
)
_REST_OF_LIST = re.compile(rf"(?:{BLANK}(?:{_STRING}|{_NUMBER}|,))*{BLANK}\]", re.ASCII)
_ITEM = re.compile(rf"#[^\n]*|{_STRING}|(?P<number>{_NUMBER})", re.ASCII)

_SIGN = re.compile(rf"\A-{BLANK}")


def format(tree: Tree) -> str:  # noqa: A001 - one verb an arrow: parse, bind, format
    """Return the canonical text of a tree; parsing it gives the same fields, values and comments.

    It is stable: formatting its tree again changes nothing. Of a tree that an upgrade made, every
    comment is kept, near the field that took the place of its own.
    """
    writer = _Writer(tree)
    writer.block(tree.root, "")
    writer.comments_until(len(tree.source.text), "")
    return "".join(f"{line}\n" for line in writer.lines)


def format_block(block: Block) -> str:
    """Return the canonical text of fields that stand in no text."""
    writer = _Writer(None)
    writer.block(block, "")
    return "".join(f"{line}\n" for line in writer.lines)


def format_field(
    tree: Tree, field: Field, indent: str = "", end: int | None = None, *, short: bool = False
) -> str:
    """Return the canonical text of one field, without a last line end.

    Args:
        tree: What it is of, or comes from: numbers keep their spelling.
        field: The field.
        indent: What each line begins with.
        end: Keep the comments from the field's offset up to this one; if not given, those within
            messages that stand in the text.
        short: Write it on one line.
    """
    writer = _Writer(tree, made=end is None)
    at = len(tree.source.text) if end is None else field.at
    writer.next = bisect_left(tree.comments, at, key=lambda comment: comment.at)
    if short:
        return writer.inline(field)
    writer.field(field, indent)
    if end is not None:
        writer.comments_until(end, indent)
        return "\n".join(writer.lines)
    # What is made has no place, so what stands around its offset says nothing of blank lines.
    return "\n".join(filter(None, writer.lines))


def field_end(text: str, field: Field) -> int | None:
    """Return where a field ends in the text, or None if it does not stand there."""
    if isinstance(field.value, Block):
        return field.value.end if field.value.in_text else None
    match = _VALUE.match(text, field.at)
    if match is None or match["name"] != field.name:
        return None
    if match["list"] is None:
        return match.end()
    items = field.value if isinstance(field.value, tuple) else ()
    at = max([match.end(), *(item.end for item in items if isinstance(item, Block))])
    rest = _REST_OF_LIST.match(text, at)
    return rest.end() if rest else None


class _Writer:
    def __init__(self, tree: Tree | None, *, made: bool = False) -> None:
        self.made = made  # a field that stands in no text, though messages within it may
        self.text = tree.source.text if tree else ""
        self.comments = tree.comments if tree else ()
        self.next = 0  # the comment to be written next
        self.lines: list[str] = []
        self.first = True  # nothing is written yet within these braces

    def block(self, block: Block, indent: str) -> None:
        """Write the fields of a message."""
        for field in block.fields:
            self.comments_until(field.at, indent)
            self._group(field.at)
            self.field(field, indent)

    def comments_until(self, at: int, indent: str) -> None:
        """Write the comments before an offset, each on a line of its own."""
        while self.next < len(self.comments) and self.comments[self.next].at < at:
            comment = self.comments[self.next]
            self._group(comment.at)
            self._write(indent + comment.text)
            self.next += 1

    def _write(self, line: str) -> None:
        self.lines.append(line)
        self.first = False

    def _group(self, at: int) -> None:
        """Keep a blank line before what stands at an offset."""
        line = _blanks_begin(self.text, at)
        if self.first or not line or self.text[line - 1] != "\n":
            return
        above = _blanks_begin(self.text, line - 1)
        if not above or self.text[above - 1] == "\n":
            self.lines.append("")

    def _behind(self, end: int) -> None:
        """Keep a comment on the line of what ends at an offset."""
        if self.next < len(self.comments):
            comment = self.comments[self.next]
            if not self.text[end : comment.at].strip(" \t\v\f\r;,"):
                self.lines[-1] += f"  {comment.text}"
                self.next += 1

    def field(self, field: Field, indent: str) -> None:
        """Write one field, and the comment behind it."""
        value = field.value
        line = f"{indent}{self.inline(field)}" if self._may_be_short(value) else ""
        if isinstance(value, Block) and not 0 < len(line) <= WIDTH:
            self._message(field.name, value, indent)
        else:
            self._write(line)
            end = field_end(self.text, field)
            if end is not None:
                self._behind(end)

    def _message(self, name: str, block: Block, indent: str) -> None:
        self._write(f"{indent}{name} {{")
        outside = self.next
        if block.in_text:
            if self.made:
                self.next = bisect_left(self.comments, block.at, key=lambda comment: comment.at)
            self._behind(block.at + 1)
        self.first = True
        self.block(block, f"{indent}  ")
        if block.in_text:
            self.comments_until(block.end - 1, f"{indent}  ")
        self._write(f"{indent}}}")
        if self.made:
            self.next = outside
        elif block.in_text:
            self._behind(block.end)

    def _may_be_short(self, value: Value) -> bool:
        if not isinstance(value, Block):
            return True
        if value.in_text:
            return "\n" not in self.text[value.at : value.end]
        names = {field.name for field in value.fields}
        flat = not any(isinstance(field.value, Block) for field in value.fields)
        return flat and len(names) <= _MAX_SHORT_NAMES

    def inline(self, field: Field) -> str:
        """Return a field on one line."""
        name, value, _ = field
        if isinstance(value, Block):
            return f"{name} {self._inline_message(value)}"
        numbers = self._numbers(field)
        if not isinstance(value, tuple):
            return f"{name}: {_scalar(value, numbers[0] if numbers else '')}"
        spelled = numbers if len(numbers) == len(value) else [""] * len(value)
        items = [
            self._inline_message(item) if isinstance(item, Block) else _scalar(item, number)
            for item, number in zip(value, spelled, strict=True)
        ]
        return f"{name}: [{', '.join(items)}]"

    def _inline_message(self, block: Block) -> str:
        return " ".join(["{", *(self.inline(field) for field in block.fields), "}"])

    def _numbers(self, field: Field) -> list[str]:
        """Return how the values of a field are spelled where it comes from; "" for a string."""
        match = _VALUE.match(self.text, field.at)
        if match is None:
            return []
        if match["list"] is None:
            return [match["number"] or ""]
        items = _ITEM.finditer(self.text, match.end(), field_end(self.text, field) or match.end())
        return [item["number"] or "" for item in items if item[0][0] != "#"]


def _blanks_begin(text: str, at: int) -> int:
    """Return where the blanks before an offset begin, on its line."""
    while at and text[at - 1] in " \t\r\v\f":  # no search: a line may be very long
        at -= 1
    return at


def _scalar(value: Scalar, spelled: str) -> str:
    if isinstance(value, Word):
        return value
    if isinstance(value, str):
        return scalar.quote(value)
    digits = _SIGN.sub("", spelled)
    sign = "-" if spelled.startswith("-") else ""
    meant = scalar.number(digits)
    if meant is not None and type(meant) is type(value) and (-meant if sign else meant) == value:
        return sign + digits
    # A number too large for a double means infinity; `inf` itself would be a word.
    return repr(value).replace("inf", "1e999")
