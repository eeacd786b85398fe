"""Finds every fault of a text that is no prototxt.

The tokens are fed to the parser one by one. Where it refuses one, the fault is told, what is
missing is fed in its place or what is too much is dropped, and reading goes on: with the next
field, or on the next line. One mistake gives one diagnostic.
"""

from collections import deque
from collections.abc import Container, Iterable
from itertools import chain
from typing import Any, cast

from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from protonet.diagnostics import Diagnostic
from protonet.source import Source
from protonet.syntax import faults
from protonet.syntax.lexer import Token
from protonet.syntax.other import of_text
from protonet.syntax.tree import Word

MAX_PROBLEMS = 50
"""Problems told of one text at most."""

_CLOSERS = {"OPEN": "RBRACE", "LBRACE": "RBRACE", "LANGLE": "RANGLE", "LSQUARE": "RSQUARE"}
_FIELDS = frozenset({"RUN", "OPEN", "KEY"})
_BEHIND_VALUE = _FIELDS | {"RBRACE", "RANGLE", "COMMA", "SEMICOLON", "$END"}
_BEHIND_LIST = _FIELDS | {"RBRACE", "RANGLE", "$END"}
_ITEMS = frozenset({"STRING", "NUMBER", "WORD", "MINUS", "LBRACE", "LANGLE"})
_VALUES = frozenset({"STRING", "NUMBER", "WORD", "MINUS", "LSQUARE", "FAULT_STRING", "FAULT_BARE"})
_MESSAGES = frozenset({"LBRACE", "LANGLE"})


def recover(source: Source, parser: InteractiveParser, tokens: Iterable[Token]) -> list[Diagnostic]:
    """Return the faults of a text that ``parser`` refuses, in the order they are met."""
    if "\0" in source.text:
        return [faults.binary(source)]
    if other := of_text(source):
        return [other]
    recovery = _Recovery(source, parser, tokens)
    while not recovery.done:
        recovery.step()
    return recovery.problems


class _Tokens:
    """Tokens by their number, of which the last few are kept: a large file has millions."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._rest = iter(tokens)
        self._kept: deque[Token] = deque(maxlen=4)
        self._count = 0

    def __getitem__(self, number: int) -> Token:
        while number >= self._count:
            self._kept.append(next(self._rest))
            self._count += 1
        return self._kept[number - self._count]


class _Recovery:
    def __init__(self, source: Source, parser: InteractiveParser, tokens: Iterable[Token]) -> None:
        end = len(source.text)
        self.source = source
        self.parser = parser
        self.tokens = _Tokens(chain(tokens, [Token("$END", "", end, end)]))
        self.next = 0
        self.problems: list[Diagnostic] = []
        self.done = False
        self.key = self.last = Token("$END", "", end, end)
        self.open: list[Token] = []
        self.early: list[tuple[Token, Token]] = []  # braces, closers indented less
        self.conflicts: list[bool] = []  # open ones: are we past `=======`?

    def step(self) -> None:
        """Read one token."""
        token = self.tokens[self.next]
        self.next += 1
        if token.type == "FAULT_CONFLICT":
            self._conflict(token)
        elif token.type.startswith("FAULT"):
            self._fault(token)
        elif not self._feed(token):
            self._refused(token)

    def _tell(self, problem: Diagnostic) -> None:
        self.problems.append(problem)
        self.done = self.done or len(self.problems) == MAX_PROBLEMS

    def _feed(self, token: Token) -> bool:
        try:
            self.parser.feed_token(cast("Any", token))  # of a token lark asks but its `type`
        except UnexpectedToken:
            return False
        self.last = token
        self.done = self.done or token.type == "$END"
        if token.type == "KEY":
            self.key = token
        elif token.type in _CLOSERS:
            self.open.append(token)
        elif token.type in _CLOSERS.values():
            self._close(token)
        return True

    def _close(self, token: Token) -> None:
        opening = self.open.pop()
        if self._indent(token) < self._indent(opening) and self._begins_line(token):
            self.early.append((opening, token))

    def _stand_in(self, kind: str, at: Token) -> None:
        """Feed a token that is missing before ``at``."""
        self._feed(Token(kind, Word(""), at.at, at.at))

    @property
    def _wants_value(self) -> bool:
        choices = cast("Container[str]", self.parser.choices())
        return "WORD" in choices and "KEY" not in choices

    @property
    def _in_list(self) -> bool:
        return bool(self.open) and self.open[-1].type == "LSQUARE"

    def _refused(self, token: Token) -> None:
        if self._in_list:
            self._refused_in_list(token)
        elif self._wants_value:
            self._refused_as_value(token)
        else:
            self._refused_as_field(token)

    def _refused_as_value(self, token: Token) -> None:
        if self.last.type == "MINUS":
            self._tell(faults.expected(self.source, "a number after `-`", token))
        elif token.type in _BEHIND_VALUE:
            self._tell(faults.no_value(self.source, self.key, token))
        else:
            self._tell(faults.expected(self.source, "a value", token))
        self._stand_in("WORD", token)
        if token.type in _BEHIND_VALUE:
            self.next -= 1
        else:
            self._skip_line(token)

    def _refused_in_list(self, token: Token) -> None:
        if token.type in _BEHIND_LIST:
            self._tell(faults.unclosed_list(self.source, self.open[-1]))
            self._end_list(token)
            self.next -= 1
        elif self._wants_value:
            self._tell(faults.expected(self.source, "a value", token))
            self._skip_list(token)
        else:
            self._tell(faults.expected(self.source, "`,` or `]`", token))
            if token.type in _ITEMS:
                self._stand_in("COMMA", token)
                self.next -= 1
            else:
                self._skip_list(token)

    def _refused_as_field(self, token: Token) -> None:
        match token.type:
            case "RUN" if not token.value:
                pass  # it says only that a message begins, which was taken for something else
            case "WORD":
                self._lone_word(token)
            case "RBRACE" | "RANGLE" if self.open:
                self._tell(faults.wrong_closer(self.source, self.open[-1], token))
                self._feed(token._replace(type=_CLOSERS[self.open[-1].type]))
            case "RBRACE" | "RANGLE":
                self._tell(faults.stray_closer(self.source, token))
            case "LBRACE" | "LANGLE":
                self._tell(faults.expected(self.source, "a field name", token))
                self._stand_in("KEY", token)
                self.next -= 1
            case "$END":
                if self.open:  # else a name without a value, which was told already
                    self._tell(self._unclosed())
                self.done = True
            case _:
                self._tell(faults.expected(self.source, "a field name", token))
                self._skip_line(token)

    def _lone_word(self, word: Token) -> None:
        found = self.tokens[self.next]
        if found.type == "FAULT_JUNK" and found.value == "=":
            self._tell(faults.equals(self.source, word, found))
        elif found.type in _VALUES and not self._breaks(word, found):
            self._tell(faults.no_colon(self.source, word, found))
        else:
            self._tell(faults.lone_word(self.source, word, found))
        self._skip_line(word)

    def _unclosed(self) -> Diagnostic:
        outermost = self._indent(self.open[-1])
        for opening, closer in self.early:
            if opening.at > self.open[-1].at and self._indent(closer) == outermost:
                return faults.unclosed(self.source, [opening], closer)
        return faults.unclosed(self.source, self.open, None)

    def _fault(self, token: Token) -> None:
        what = "a value" if self._wants_value else "a field name"
        misplaced = token.type == "FAULT_BARE" and not self._wants_value
        if token.type == "FAULT_JUNK" or misplaced:
            self._tell(faults.expected(self.source, what, token))
        else:
            self._tell(faults.fault(self.source, token))
        if token.type == "FAULT_DEPTH":
            self.done = True
        elif self._in_list:
            self._skip_list(token)
        else:
            if self.last.type == "KEY":  # `weight_filler {{ name }}`
                self._stand_in("COLON", token)
            if self._wants_value:
                self._stand_in("WORD", token)
            self._skip_line(token)

    def _conflict(self, token: Token) -> None:
        """Read on as if our side of a conflict had been chosen."""
        mark = self.source.text[token.at]
        if not self.conflicts:
            self._tell(faults.fault(self.source, token))
        if mark == "<":
            self.conflicts.append(False)
        elif self.conflicts and mark == ">":
            self.conflicts.pop()
        elif self.conflicts:
            self.conflicts[-1] = True
        while any(self.conflicts) and self.tokens[self.next].type not in ("FAULT_CONFLICT", "$END"):
            self.next += 1

    def _skip_line(self, token: Token) -> None:
        """Drop what follows on the line, up to the next field or brace."""
        stops = _BEHIND_LIST | _MESSAGES
        while not self._breaks(token, found := self.tokens[self.next]) and found.type not in stops:
            token = found
            self.next += 1
        if found.type in _MESSAGES and not self._breaks(token, found):
            self._stand_in("KEY", found)

    def _skip_list(self, token: Token) -> None:
        """Drop the rest of a list, up to what closes it or cannot stand in it."""
        depth = int(token.type in _CLOSERS)
        while (found := self.tokens[self.next]).type != "$END" and (
            depth or found.type not in _BEHIND_LIST | {"RSQUARE"}
        ):
            depth += (found.type in _CLOSERS) - (found.type in _CLOSERS.values())
            self.next += 1
        self._end_list(token)
        self.next += found.type == "RSQUARE"

    def _end_list(self, token: Token) -> None:
        if self._wants_value:
            self._stand_in("WORD", token)
        self._stand_in("RSQUARE", token)

    def _breaks(self, token: Token, found: Token) -> bool:
        return "\n" in self.source.text[token.end : found.at]

    def _begins_line(self, token: Token) -> bool:
        line = self.source.text.rfind("\n", 0, token.at) + 1
        return not self.source.text[line : token.at].strip()

    def _indent(self, token: Token) -> int:
        """Return how many blanks begin the line that a token stands on."""
        start = self.source.text.rfind("\n", 0, token.at) + 1
        line = self.source.text[start : token.at + 1]
        return len(line) - len(line.lstrip())
