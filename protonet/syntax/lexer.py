"""Cuts a prototxt into tokens.

A net of 7,000 lines has to be read in no time. So one regular expression matches a whole field,
values are decoded on the spot, and the scalar fields between two braces reach the parser as one
token; messages that hold nothing but scalars stand among them. Only what that expression does not
know is cut into the fine tokens of prototxt.lark.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from lark.common import LexerConf
from lark.lexer import Lexer, LexerState

from protonet.syntax import scalar
from protonet.syntax.tree import BLANK, Block, Field, Word

MAX_DEPTH = 100
"""How deep messages may be nested: protobuf's own limit on reading bytes."""

_FAULTS_FIRST = {
    "FAULT_CONFLICT": r"(?:<{7}|={7}|>{7}|\|{7})[^\n]*",
    "FAULT_TEMPLATE": (
        r"\$\{[^}\n]*\}?|\$\([^)\n]*\)?|\$\w+|\{\{(?:[^\n]*?\}\}|[^\n]*)|\{%(?:[^\n]*?%\}|[^\n]*)"
        r"|%\{[^}\n]*\}%?|%\([^)\n]*\)\w|%[\d.]*[a-z]|@\w+@|<\w+>"
        r"|[A-Za-z_]\w*\{[ \t]*[\"'][^\n]*?\}"
    ),
    "FAULT_BARE": (
        r"(?!\.[0-9])(?:[A-Za-z_]\w*|\.+|~|[A-Za-z]:)?[./\\~][^\s;,{}<>\"'\[\]#:]+"
        r"|[A-Za-z_]\w*[-+@&*!?][^\s;,{}<>\"'\[\]#:]*"
    ),
}
_FAULTS_LAST = {"FAULT_STRING": r"[\"'][^\n]*", "FAULT_JUNK": r"[^\n]"}

_FINE_DEPTH = {"LBRACE": 1, "LANGLE": 1, "RANGLE": -1}
_NUMBER, _WORD, _OPEN, _CLOSE, _SEPARATOR = 4, 5, 6, 7, 8  # groups of _FAT; 2 and 3 are strings
_FAT = re.compile(
    rf"""{BLANK}(?:
      ([A-Za-z_]\w*+)[ \t]*+(?:
        :[ \t]*+(?:
          "([^"\\\n]*+)"(?!{BLANK}["'])
        | '([^'\\\n]*+)'(?!{BLANK}["'])
        | (-?[0-9.][0-9.eE+-]*+)(?![\w.])
        | ([A-Za-z_]\w*+)(?=[\s;,}}\#]|\Z)(?!{BLANK}[:{{<\[])
        )
      | :?[ \t]*+(\{{)(?![{{%"'])
      )
    | (\}})
    | ([;,])
    | ()
    )""",
    re.ASCII | re.VERBOSE,
)


class Token(NamedTuple):
    """A terminal of the grammar, or a FAULT_*: what can be none.

    Attributes:
        type: The terminal's name.
        value: RUN: fields; OPEN and KEY: a name; STRING, NUMBER, WORD: the value; else the text.
        at: The offset of its first character.
        end: The offset of what follows.
    """

    type: str
    value: Any
    at: int
    end: int

    # lark makes its token of the end from the last one and copies these.
    start_pos = line = column = end_line = end_column = end_pos = None


class PrototxtLexer(Lexer):
    """Yields the tokens that prototxt.lark is about; it never fails."""

    __future_interface__ = 2  # lark: `lex` takes both states

    def __init__(self, lexer_conf: LexerConf) -> None:
        terminals = {t.name: t.pattern.to_regexp() for t in lexer_conf.terminals}
        patterns = _FAULTS_FIRST | terminals | _FAULTS_LAST
        self._fine = re.compile("|".join(f"(?P<{n}>{p})" for n, p in patterns.items()), re.ASCII)

    def lex(self, lexer_state: LexerState, parser_state: object) -> Iterator[Any]:
        """Return the tokens of a text."""
        return self.tokens(cast("Any", lexer_state).text.text)

    def tokens(self, text: str, *, folds: bool = True) -> Iterator[Token]:  # noqa: C901, PLR0912, PLR0915 - the hot loop
        """Yield the tokens of a text; behind a FAULT_DEPTH comes no other.

        Args:
            text: The text.
            folds: Whether `param { lr_mult: 1 }` is a field of a RUN; its braces tell of faults.
        """
        new = cast("Any", tuple.__new__)  # half the time of a NamedTuple's own
        values: dict[str, Any] = {}
        run: list[Field] = []
        fresh, separated, depth, at = True, 0, 0, 0
        # The last brace, while nothing but scalars follows, and what is before it: RUN and `fresh`.
        opened: tuple[Token, list[Field], bool] | None = None
        while depth <= MAX_DEPTH:
            for match in _FAT.finditer(text, at):  # pragma: no branch - `()` ends it always
                kind = match.lastindex or 0
                if kind <= _WORD:
                    value = spelled = match[kind]
                    if kind >= _NUMBER:
                        value = values.get(spelled)
                        if value is None:
                            value = values[spelled] = _value(spelled)
                    if value is not None:
                        run.append(new(Field, (match[1], value, match.start(1))))
                        continue
                    kind, at = 0, match.start(1)  # a bad number: the fine tokens tell
                elif kind == _SEPARATOR:
                    if len(run) > separated:
                        separated = len(run)
                        continue
                    at = match.start(kind)
                else:
                    at = match.end()
                if opened is not None:
                    opening, before, was_fresh = opened
                    opened = None
                    if kind == _CLOSE:
                        block = new(Block, (tuple(run), opening.end - 1, at))
                        before.append(new(Field, (opening.value, block, opening.at)))
                        run, fresh, separated = before, was_fresh, len(before) - 1
                        depth -= 1
                        continue
                    if before or was_fresh:
                        yield new(Token, ("RUN", before, before[0].at if before else at, at))
                    yield opening
                    fresh = True
                if kind == _OPEN and folds and depth < MAX_DEPTH:
                    opened = new(Token, ("OPEN", match[1], match.start(1), at)), run, fresh
                    run, separated = [], 0
                    depth += 1
                    continue
                if run or fresh:
                    yield new(Token, ("RUN", run, run[0].at if run else at, at))
                    run, fresh, separated = [], False, 0
                if kind == _CLOSE:
                    depth -= 1
                    yield new(Token, ("RBRACE", "}", at - 1, at))
                elif kind == _OPEN:
                    yield new(Token, ("OPEN", match[1], match.start(1), at))
                    depth += 1
                    fresh = True
                    if depth > MAX_DEPTH:
                        break
                else:
                    break
            if depth > MAX_DEPTH:
                continue
            if at == len(text):
                return
            token = self._fine_token(text, at)
            at = token.end
            yield token
            if token.type in _FINE_DEPTH:
                depth += _FINE_DEPTH[token.type]
                fresh = token.type != "RANGLE"
        yield Token("FAULT_DEPTH", "{", at - 1, at)

    def _fine_token(self, text: str, at: int) -> Token:
        match = self._fine.match(text, at)
        assert match is not None, "FAULT_JUNK matches all but line ends, which are blank"
        kind, spelled = str(match.lastgroup), match[0]
        if kind == "NUMBER":
            value = scalar.number(spelled)
            return Token("FAULT_NUMBER" if value is None else kind, value, at, match.end())
        if kind == "STRING":
            bad = scalar.bad_escape(spelled)
            value = scalar.unescape(spelled[1:-1]) if bad is None else bad
            return Token(kind if bad is None else "FAULT_ESCAPE", value, at, match.end())
        return Token(kind, Word(spelled) if kind == "WORD" else spelled, at, match.end())


def _value(spelled: str) -> Word | float | None:
    if spelled[0].isalpha() or spelled[0] == "_":
        return Word(spelled)
    value = scalar.number(spelled.removeprefix("-"))
    return -value if value is not None and spelled[0] == "-" else value
