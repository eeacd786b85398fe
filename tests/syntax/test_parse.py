"""What text format means, form by form, as protoc's C++ parser takes it."""

import pytest
from hypothesis import given, settings

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.syntax.parse import parse
from protonet.syntax.tree import Block, Field, Word
from tests.syntax.trees import fields, only, texts, tree


def test_an_empty_text_is_an_empty_tree() -> None:
    assert tree("").root == Block((), 0, 0)
    assert tree(" \n# only a comment").root.fields == ()


def test_a_tree_has_fields_in_file_order_with_their_places() -> None:
    text = 'name: "n"\nlayer {\n  type: "ReLU"\n}\n'

    inner = Block((Field("type", "ReLU", 20),), 16, 34)

    assert tree(text).root == Block((Field("name", "n", 0), Field("layer", inner, 10)), 0, 35)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("- # a minus may stand alone\n 1", -1),
        ("0x1F", 31),
        ("0X1f", 31),
        ("010", 8),
        ("0", 0),
        ("-0x10", -16),
        ("18446744073709551615", 2**64 - 1),
        ("0x" + "F" * 20, 2**80 - 1),
    ],
)
def test_integers(text: str, value: int) -> None:
    assert only(f"f: {text}") == ("int", value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1e-5", 1e-5),
        ("1E+2", 100.0),
        ("1f", 1.0),
        ("1.5F", 1.5),
        ("0f", 0.0),
        ("1e400", float("inf")),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("9" * 5000, float("inf")),
    ],
)
def test_floats(text: str, value: float) -> None:
    assert only(f"f: {text}") == ("float", value)


@pytest.mark.parametrize("text", ["MAX", "true", "inf", "nan", "t", "_x9"])
def test_words(text: str) -> None:
    assert only(f"f: {text}") == ("Word", text)


@pytest.mark.parametrize("text", ["-inf", "- inf", "-\n inf"])
def test_a_word_may_have_a_minus(text: str) -> None:
    assert only(f"f: {text}") == ("Word", "-inf")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', ""),
        ("'a\"b'", 'a"b'),
        ('"a\'b"', "a'b"),
        ('"a" \'b\'\n"c"', "abc"),
        ('"a" # comment\n "b"', "ab"),
        (r'"\a\b\f\n\r\t\v\\\?\'\""', "\a\b\f\n\r\t\v\\?'\""),
        (r'"\101\60\0"', "A0\0"),
        (r'"\x41\x4g"', "A\x04g"),
        (r'"\303\251 \xc3\xa9 \u00e9 \U000000e9"', "é é é é"),
        (r'"\303" "\251"', "é"),
        (r'"\ud83d\ude00 \U0001F600"', "\U0001f600 \U0001f600"),
        (r'"\377"', "\udcff"),
        (r'"\777"', "\udcff"),
        (r'"\ud800"', "\udced\udca0\udc80"),
        ('"é # { not a comment"', "é # { not a comment"),
        (r'"\\n"', "\\n"),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert only(f"f: {text}") == ("str", value)


@pytest.mark.parametrize(
    "text",
    [
        "m { a: 1 b: 2 }",
        "m: { a: 1 b: 2 }",
        "m < a: 1 b: 2 >",
        "m: <\na:1,b:2;>;",
        "m{a:1;b:2,};",
        "m # why\n : # now\n { a # x\n : # y\n 1 b : 2 }",
        "m\t{\r\n\ta:\t1\r\n\tb\v:\f2\r\n}\r\n",
        "m { a: 1\n;\n b: 2\n,\n}\n,",
    ],
)
def test_spellings_of_a_message(text: str) -> None:
    assert fields(text) == ["message", ("m", ["message", ("a", ("int", 1)), ("b", ("int", 2))])]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("f: []", []),
        ("f: [1]", [("int", 1)]),
        (
            "f: [ 1 , - 2.5,\n 'a' \"b\", X ] ;",
            [("int", 1), ("float", -2.5), ("str", "ab"), ("Word", "X")],
        ),
        ("f [ { a: 1 }, < > ]", [["message", ("a", ("int", 1))], ["message"]]),
        (
            "f: [{a: [1, 2], b {}}]",
            [["message", ("a", [("int", 1), ("int", 2)]), ("b", ["message"])]],
        ),
        ("f []", []),
    ],
)
def test_lists(text: str, value: object) -> None:
    assert only(text) == value


def test_a_field_may_follow_a_closing_quote_or_brace_at_once() -> None:
    assert fields('a:"x"b{}c:1') == fields('a: "x"\nb { }\nc: 1')


def test_a_word_may_be_named_like_what_follows() -> None:
    assert fields("a: b\nb: a a { }") == fields("a: b b: a\na {}")


def test_comments_end_with_their_line() -> None:
    assert fields("a: 1 # }\n# b: 2\r\nc: 3#") == fields("a: 1 c: 3")


def test_comments_are_kept_with_their_places() -> None:
    found = tree('# one\na: "# none" # two \r\nb { # three\n}').comments

    assert [(comment.text, comment.at) for comment in found] == [
        ("# one", 0),
        ("# two", 18),
        ("# three", 30),
    ]


def test_bytes_that_are_no_utf8_stand_in_comments_and_strings() -> None:
    text = b'# \xc9\n a: "\xc9"'.decode(errors="surrogateescape")

    assert only(text) == ("str", "\udcc9")


def test_a_hundred_levels_are_read() -> None:
    text = "a {" * 100 + "}" * 100

    assert tree(text).root.end == len(text)


@pytest.mark.parametrize("opening", ["a {", "a: {", "a # c\n {", "a <", "a [{"])
def test_more_levels_are_one_diagnostic(opening: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        tree(opening * 100_000)

    (diagnostic,) = caught.value.diagnostics
    span = diagnostic.labels[0].span
    assert (diagnostic.code, diagnostic.message) == (
        "PN012",
        "messages are nested more than 100 deep",
    )
    assert (span.start, span.end) == (len(opening) * 101 - 1, len(opening) * 101)


def test_a_long_run_of_blanks_is_no_trouble() -> None:
    assert fields("a" + " " * 100_000 + ":" + "\n" * 100_000 + "1") == fields("a: 1")


def test_a_long_list_is_no_trouble() -> None:
    value = tree("a: [" + ", ".join(["1"] * 5_000) + "]").root.fields[0].value

    assert value == (1,) * 5_000


def test_values_are_the_same_object_kinds_wherever_they_stand() -> None:
    assert type(tree("a: X").root.fields[0].value) is Word
    assert type(tree("a: [X]").root.fields[0].value) is tuple


@settings(max_examples=50)
@given(texts)
def test_whatever_is_well_formed_is_read(text: str) -> None:
    root = parse(Source(text)).root

    for field in root.fields:
        assert text.startswith(field.name, field.at)
