"""The diagnostics of a text that is no prototxt, PN002 to PN014."""

import re
from collections.abc import Sequence

from protonet.diagnostics import Diagnostic, Label
from protonet.source import Source, Span
from protonet.syntax.lexer import MAX_DEPTH, Token

_MAX_SHOWN = 40
_MAX_OPEN_SHOWN = 3
_CURLY_QUOTES = "\u2018\u2019\u201c\u201d"
_WIDE_COLON = "\uff1a"


def _label(source: Source, token: Token, text: str = "") -> Label:
    end = token.at + len(_name(token)) if token.type in ("RUN", "OPEN") else token.end
    return Label(Span(source, token.at, max(end, token.at)), text)


def _name(token: Token) -> str:
    """Return the field name that a token begins with."""
    return token.value[0].name if token.type == "RUN" else token.value


def _shown(source: Source, token: Token) -> str:
    """Return what the message says was found."""
    if token.type == "$END":
        return "the end of the file"
    text = _name(token) if token.type in ("RUN", "OPEN") else source.text[token.at : token.end]
    if not text.isprintable():
        return " ".join(f"U+{ord(c):04X}" for c in text[:1])
    return f"`{text[:_MAX_SHOWN]}{'...' if len(text) > _MAX_SHOWN else ''}`"


def expected(source: Source, what: str, token: Token) -> Diagnostic:
    """PN002: something else than what may stand here."""
    return Diagnostic(
        code="PN002",
        message=f"expected {what}, found {_shown(source, token)}",
        labels=(_label(source, token),),
        help=_hint(source, token, is_field=what == "a field name"),
    )


def _hint(source: Source, token: Token, *, is_field: bool) -> str:
    """Return what to write instead of something that people take from other languages."""
    text = source.text[token.at : token.end]
    if text and text in _CURLY_QUOTES:
        return "use straight quotes, `\"` or `'`"
    if text.isspace():
        return "write a plain space: this one is of a web page or a text processor"
    if text.startswith(("//", "/*")):
        return "a comment begins with `#`, on each of its lines"
    if is_field and _FRACTION.match(text) and source.text[token.at - 1].isdigit():
        return "a value is no formula: write the number that it gives"
    before = source.text[max(0, token.at - _MAX_SHOWN) : token.at]
    if is_field and text.isdigit() and (first := _BEFORE_COMMA.search(before)):
        return f"several values are a list, `[{first[1]}, {text}]`; the decimal point is a `.`"
    return _HINTS.get(text, "") if is_field or text != "[" else ""


_HINTS = {
    "+": "a number has no `+`",
    "(": "write a list, as `[3, 3]`, or the field once for each value",
    "%": "write the number that it means: `0.5` for 50 percent",
    "[": "a field's name has no brackets: Caffe's format has no extensions",
}
_FRACTION = re.compile(r"[/*]\d")
_BEFORE_COMMA = re.compile(r"(\d+), *\Z")


def no_value(source: Source, key: Token, found: Token) -> Diagnostic:
    """PN003: the next field begins, or the message ends, before a value."""
    next_field = found.type in ("RUN", "OPEN", "KEY")
    return Diagnostic(
        code="PN003",
        message=f"field `{key.value}` has no value",
        labels=(
            _label(source, key),
            *((_label(source, found, "the next field begins here"),) if next_field else ()),
        ),
        help="write a value after the colon, or leave the field out",
    )


def no_colon(source: Source, word: Token, found: Token) -> Diagnostic:
    """PN004: a name without the colon that every value needs."""
    value = source.text[found.at : found.end].split("\n", 1)[0][:_MAX_SHOWN]
    return Diagnostic(
        code="PN004",
        message=f"`:` is missing after `{word.value}`",
        labels=(_label(source, word),),
        help=f"write `{word.value}: {value}`" if found.type != "LSQUARE" else "",
    )


def equals(source: Source, word: Token, sign: Token) -> Diagnostic:
    """PN004: `=` for `:`."""
    return Diagnostic(
        code="PN004",
        message=f"`=` stands after `{word.value}` where `:` belongs",
        labels=(_label(source, sign),),
        help=f"write `{word.value}: ...`",
    )


def lone_word(source: Source, word: Token, found: Token) -> Diagnostic:
    """PN004: a name with neither value nor braces; maybe the first half of one."""
    same_line = "\n" not in source.text[word.end : found.at]
    joined = same_line and found.type in ("RUN", "OPEN", "KEY")
    hint = f"a name has no spaces: `{word.value}_{_name(found)}`?" if joined else ""
    if source.text.startswith(_WIDE_COLON, word.end):
        hint = f"write a plain `:` for `{_WIDE_COLON}`"
    return Diagnostic(
        code="PN004",
        message=f"`{word.value}` is followed by neither `:` nor `{{`",
        labels=(_label(source, word),),
        help=hint,
    )


def stray_closer(source: Source, token: Token) -> Diagnostic:
    """PN008: a closing brace that nothing was opened for."""
    return Diagnostic(
        code="PN008",
        message=f"{_shown(source, token)} closes nothing",
        labels=(_label(source, token),),
        help="remove it, or look for an extra brace above",
    )


def wrong_closer(source: Source, opening: Token, token: Token) -> Diagnostic:
    """PN008: `<` closed by `}` or `{` by `>`."""
    mark = source.text[opening.end - 1]
    brace = Label(Span(source, opening.end - 1, opening.end), "opened here")
    return Diagnostic(
        code="PN008",
        message=f"{_shown(source, token)} cannot close `{mark}`",
        labels=(_label(source, token), brace),
        help=f"write `{'}' if mark == '{' else '>'}`",
    )


def unclosed(source: Source, opened: Sequence[Token], closer: Token | None) -> Diagnostic:
    """PN009: the text ends within braces; the last of ``opened`` is the culprit.

    ``closer`` is a brace that closed it but is indented as if it were meant for an outer one.
    """
    marks = [Label(Span(source, token.end - 1, token.end)) for token in opened]
    *outer, culprit = marks
    line = source.location(culprit.span.start).line
    labels = [culprit]
    if closer is not None:
        labels.append(_label(source, closer, "this one is indented as if it closed an outer one"))
    labels += [Label(mark.span, "also still open") for mark in outer[-_MAX_OPEN_SHOWN:]]
    return Diagnostic(
        code="PN009",
        message=f"`{source.text[culprit.span.start]}` on line {line} is not closed",
        labels=tuple(labels),
        help="add the closing brace",
    )


def unclosed_list(source: Source, opening: Token) -> Diagnostic:
    """PN009: a list that does not end."""
    line = source.location(opening.at).line
    return Diagnostic(
        code="PN009",
        message=f"`[` on line {line} is not closed",
        labels=(_label(source, opening),),
        help="add `]`",
    )


def fault(source: Source, token: Token) -> Diagnostic:
    """Return what is wrong with a FAULT token wherever it stands."""
    make = {
        "FAULT_CONFLICT": _conflict,
        "FAULT_TEMPLATE": _template,
        "FAULT_BARE": _bare,
        "FAULT_STRING": _string,
        "FAULT_ESCAPE": _escape,
        "FAULT_NUMBER": _number,
        "FAULT_DEPTH": _depth,
    }
    return make[token.type](source, token)


def _conflict(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        code="PN010",
        message="a git conflict was left in the file",
        labels=(_label(source, token),),
        help="choose one side and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`",
    )


def _template(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        code="PN011",
        message=f"{_shown(source, token)} is a placeholder: the file is a template",
        labels=(_label(source, token),),
        help="fill the template in first",
    )


def _bare(source: Source, token: Token) -> Diagnostic:
    text = source.text[token.at : token.end].replace("\\", "/")
    return Diagnostic(
        code="PN014",
        message=f"{_shown(source, token)} is text without quotes",
        labels=(_label(source, token),),
        help=f'write `"{text}"`',
    )


def _string(source: Source, token: Token) -> Diagnostic:
    end = token.at + len(source.text[token.at : token.end].rstrip())
    return Diagnostic(
        code="PN005",
        message="a string is not closed",
        labels=(Label(Span(source, token.at, end)),),
        help=f"add the closing `{source.text[token.at]}`; a string ends on the line it begins on",
    )


def _escape(source: Source, token: Token) -> Diagnostic:
    at = token.at + token.value
    return Diagnostic(
        code="PN006",
        message=f"`{source.text[at : at + 2]}` is not an escape",
        labels=(Label(Span(source, at, at + 2)),),
        help="write `\\\\` for a backslash; a path may use `/` on every system",
    )


def _number(source: Source, token: Token) -> Diagnostic:
    text = source.text[token.at : token.end]
    octal = text[0] == "0" and text[1:].isdigit()
    return Diagnostic(
        code="PN007",
        message=f"{_shown(source, token)} is not a number",
        labels=(_label(source, token),),
        help="a leading 0 makes a number octal: leave it out" if octal else "",
    )


def _depth(source: Source, token: Token) -> Diagnostic:
    return Diagnostic(
        code="PN012",
        message=f"messages are nested more than {MAX_DEPTH} deep",
        labels=(_label(source, token),),
    )


def binary(source: Source) -> Diagnostic:
    """PN013: bytes that no text has."""
    at = source.text.index("\0")
    return Diagnostic(
        code="PN013",
        message=f"`{source.name}` is not text",
        labels=(Label(Span(source, at, at + 1), "a zero byte"),),
        help="a prototxt is expected; `.caffemodel` and `.solverstate` files are binary",
    )
