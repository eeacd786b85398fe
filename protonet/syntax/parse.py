"""Text to tree.

The grammar is prototxt.lark, read by lark's LALR parser; lexer.py makes its tokens. A text that it
refuses is read once more by recover.py, which goes on behind every fault and tells them all.
"""

from functools import cache
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedToken

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.syntax import table
from protonet.syntax.lexer import Token
from protonet.syntax.recover import recover
from protonet.syntax.tree import Block, Field, Tree, Value, Word


def parse(source: Source) -> Tree:
    """Return the tree of a text; messages may be nested 100 deep.

    Raises:
        DiagnosticError: PN002 to PN013: the text is no prototxt; all faults are told at once.
    """
    try:
        fields: Any = _lark().parse(source.text)
    except UnexpectedToken:
        parser = _lark().parse_interactive(source.text)
        lexer: Any = parser.lexer_thread.lexer
        tokens = lexer.tokens(source.text, folds=False)
        raise DiagnosticError(recover(source, parser, tokens)) from None
    return Tree(source, Block(tuple(fields), 0, len(source.text)))


@cache
def _lark() -> Lark:
    return table.load(_Builder())


class _Builder:
    """What becomes of each rule of the grammar, named as there."""

    def start(self, parts: list[Any]) -> list[Field]:
        return parts[0]

    def first_run(self, parts: list[Any]) -> list[Field]:
        return parts[0].value

    def run(self, parts: list[Any]) -> list[Field]:
        fields, run = parts
        fields += run.value
        return fields

    def block(self, parts: list[Any]) -> list[Field]:
        fields, opening, inner, closing = parts[:4]
        block = Block(tuple(inner), opening.end - 1, closing.end)
        fields.append(Field(opening.value, block, opening.at))
        return fields

    def field(self, parts: list[Any]) -> list[Field]:
        fields, key, value = parts[:3]
        if isinstance(value, Token):  # the colon
            value = parts[3]
        fields.append(Field(key.value, value, key.at))
        return fields

    def message(self, parts: list[Any]) -> Block:
        opening, inner, closing = parts
        return Block(tuple(inner), opening.at, closing.end)

    def sep(self, parts: list[Any]) -> None:
        return None

    def no_items(self, parts: list[Any]) -> tuple[Value, ...]:
        return ()

    def items(self, parts: list[Any]) -> tuple[Value, ...]:
        return tuple(parts[1])

    def first_item(self, parts: list[Any]) -> list[Value]:
        return [parts[0]]

    def next_item(self, parts: list[Any]) -> list[Value]:
        parts[0].append(parts[2])
        return parts[0]

    def first_string(self, parts: list[Any]) -> list[str]:
        return [parts[0].value]

    def next_string(self, parts: list[Any]) -> list[str]:
        parts[0].append(parts[1].value)
        return parts[0]

    def joined(self, parts: list[Any]) -> str:
        # Literals side by side are one string, so they may share the bytes of one character.
        joined = "".join(parts[0]).encode("utf-8", "surrogateescape")
        return joined.decode("utf-8", "surrogateescape")

    def value(self, parts: list[Any]) -> Word | float:
        return parts[0].value

    def minus_number(self, parts: list[Any]) -> float:
        return -parts[1].value

    def minus_word(self, parts: list[Any]) -> Word:
        return Word(f"-{parts[1].value}")
