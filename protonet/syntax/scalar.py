"""Spellings of scalars: what the text of a number or string means, and how a value is written."""

import re

_NUMBER = re.compile(
    r"(?P<hex>0[xX][0-9a-fA-F]+)|(?P<octal>0[0-7]+)|(?P<int>0|[1-9][0-9]*)"
    r"|(?P<float>(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fF]?",
)
_BASES = {"hex": 16, "octal": 8, "int": 10}
_MAX_INT_DIGITS = 20
"""Digits of the largest 64-bit integer; a longer number can only be meant as a double."""

_BACKSLASH = re.compile(r"\\.?")
_ESCAPE = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|[xX](?P<hex>[0-9a-fA-F]{1,2})"
    r"|u(?P<pair>[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?:u(?P<u4>[0-9a-fA-F]{4})|U(?P<u8>00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}))"
    r"|(?P<named>[abfnrtv\\?'\"]))",
)
_NAMED = dict(zip("abfnrtv\\?'\"", "\a\b\f\n\r\t\v\\?'\"", strict=True))
_TO_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f\udc80-\udcff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def number(text: str) -> int | float | None:
    """Return what an unsigned number means, or None if it is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    form = str(match.lastgroup)
    if form == "float" or (form == "int" and len(text) > _MAX_INT_DIGITS):
        return float(match[form])
    return int(text, _BASES[form])


def bad_escape(body: str) -> int | None:
    """Return the offset of the first backslash in a string's inside that begins no C escape."""
    found = (m.start() for m in _BACKSLASH.finditer(body) if not _ESCAPE.match(body, m.start()))
    return next(found, None)


def unescape(body: str) -> str:
    """Return what the inside of a string literal means; a byte of no UTF-8 is a surrogate."""
    parts: list[bytes] = []
    at = 0
    for match in _ESCAPE.finditer(body):
        parts += [body[at : match.start()].encode("utf-8", "surrogateescape"), _bytes(match)]
        at = match.end()
    parts.append(body[at:].encode("utf-8", "surrogateescape"))
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _bytes(escape: re.Match[str]) -> bytes:
    text = escape[str(escape.lastgroup)]
    match escape.lastgroup:
        case "octal":
            return bytes([int(text, 8) & 0xFF])
        case "hex":
            return bytes([int(text, 16)])
        case "named":
            return _NAMED[text].encode()
        case "pair":
            high, low = int(text[:4], 16), int(text[-4:], 16)
            return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF)).encode()
        case _:
            return chr(int(text, 16)).encode("utf-8", "surrogatepass")


def quote(text: str) -> str:
    """Return the string literal of a text, as it is written canonically."""
    return f'"{_TO_ESCAPE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    # A surrogate stands for a byte that is no UTF-8.
    return _SHORT.get(match[0], f"\\{ord(match[0]) & 0xFF:03o}")
