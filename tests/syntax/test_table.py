"""The parser's tables are those of the grammar."""

import json

import lark
import pytest

from protonet.syntax.table import TABLE, build, is_stale, load, text

SAMPLE = "name: \"a\" 'b' # c\nlayer < pad: [1, 2] x { } ; y: -inf z { a: [{ }, { b: 1 }] } >\n"


def test_the_file_is_up_to_date() -> None:
    """If this fails: make schema."""
    assert not is_stale()
    assert json.loads(text()).keys() == json.loads(TABLE.read_text(encoding="utf-8")).keys()


def test_tables_and_grammar_read_alike() -> None:
    assert load(None).parse(SAMPLE) == build().parse(SAMPLE)


def test_tables_of_another_lark_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lark, "__version__", "of tomorrow")

    assert load(None).source_path == build().source_path
