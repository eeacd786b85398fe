"""The parser of prototxt.lark, from tables that were computed once.

lark takes 30 ms to turn the grammar into tables, a tenth of what checking a file takes, and they
do not change. prototxt.json holds them; a test holds it against the grammar.

    python -m protonet.syntax.table     writes it anew if need be
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from protonet.syntax.lexer import PrototxtLexer

GRAMMAR = Path(__file__).with_name("prototxt.lark")
TABLE = GRAMMAR.with_suffix(".json")


def build(transformer: object = None) -> Lark:
    """Return the parser, from the grammar."""
    return Lark.open(
        str(GRAMMAR),
        parser="lalr",
        lexer=PrototxtLexer,
        transformer=transformer,
        keep_all_tokens=True,
    )


def load(transformer: object) -> Lark:
    """Return the parser, from the tables; from the grammar, if another lark computed them."""
    stored = json.loads(TABLE.read_text(encoding="utf-8"), object_hook=_numbered)
    if stored["lark"] != lark.__version__:
        return build(transformer)
    data = stored["data"]
    data["options"]["lexer"] = data["parser"]["lexer_conf"]["lexer_type"] = PrototxtLexer
    # What the parsers do that lark's standalone tool generates.
    return Lark._load_from_dict(data, stored["memo"], transformer=transformer)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] # as above


def text() -> str:
    """Return what prototxt.json holds."""
    data, memo = build().memo_serialize([TerminalDef, Rule])
    data["options"] |= {"lexer": None, "transformer": None}
    data["parser"]["lexer_conf"]["lexer_type"] = None
    made_of = {"lark": lark.__version__, "grammar": _digest()}
    return json.dumps({**made_of, "data": data, "memo": memo}, indent=0) + "\n"


def is_stale() -> bool:
    """Tell whether the grammar or lark is another than the tables were made of.

    The tables themselves cannot be compared: lark numbers its states in the order of a set.
    """
    stored = json.loads(TABLE.read_text(encoding="utf-8"))
    return (stored["lark"], stored["grammar"]) != (lark.__version__, _digest())


def _digest() -> str:
    return sha256(GRAMMAR.read_bytes()).hexdigest()


def _numbered(table: dict[str, Any]) -> dict[str | int, Any]:
    """Give a table its numbers back: JSON has only names."""
    return {int(name) if name.isdecimal() else name: value for name, value in table.items()}


if __name__ == "__main__" and is_stale():
    TABLE.write_text(text(), encoding="utf-8")
