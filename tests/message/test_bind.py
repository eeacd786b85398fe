from enum import IntEnum
from typing import Annotated

import pytest
from pydantic import Field

from protonet.diagnostics import DiagnosticError
from protonet.message.base import Double, Float, Int32, Int64, Message, Tag, UInt32
from protonet.message.bind import bind
from protonet.message.common import FillerParameter
from protonet.source import Source
from protonet.syntax.parse import parse


class Colour(IntEnum):
    RED = 0
    BLUE = 5


class Size(Message):
    width: Annotated[UInt32, Tag(1)]
    height: Annotated[UInt32, Tag(2)] = 1
    depth: Annotated[Annotated[Int32, Field(ge=1)] | None, Tag(3)] = None


class Thing(Message):
    name: Annotated[str, Tag(1)] = ""
    colour: Annotated[Colour, Tag(2)] = Colour.RED
    visible: Annotated[bool, Tag(3)] = True
    weight: Annotated[Float, Tag(4)] = 0.0
    exact: Annotated[Double, Tag(5)] = 0.0
    size: Annotated[Size | None, Tag(6)] = None
    part: Annotated[tuple[FillerParameter, ...], Tag(7)] = ()
    tag: Annotated[tuple[str, ...], Tag(8)] = ()
    mean: Annotated[tuple[Float, ...], Tag(9)] = ()
    raw: Annotated[bytes, Tag(10)] = b""
    big: Annotated[Int64, Tag(11)] = 0
    small: Annotated[Int32, Tag(12)] = 0


def bound(text: str) -> Thing:
    return bind(parse(Source(text)), Thing)


def problems(text: str) -> list[str]:
    """Every diagnostic as ``CODE line:column message [help]``."""
    with pytest.raises(DiagnosticError) as caught:
        bound(text)
    found: list[str] = []
    for one in caught.value.diagnostics:
        place = str(one.labels[0].span).removeprefix("<text>:")
        found.append(f"{one.code} {place} {one.message}" + (f" [{one.help}]" if one.help else ""))
    return found


def test_every_kind_is_read() -> None:
    text = """
        name: "a" 'b'  colour: BLUE  visible: f  weight: 0.1  exact: 0.1  small: -3
        size { width: 2 }  part { std: 1 }  part: < >  tag: "x"  tag: ["y", "z"]  tag: []
        mean: [1, 2.5, -inf]  raw: "\\377a"  big: 9223372036854775807
    """

    assert bound(text) == Thing(
        name="ab",
        colour=Colour.BLUE,
        visible=False,
        weight=0.1,
        exact=0.1,
        small=-3,
        size=Size(width=2),
        part=(FillerParameter(std=1.0), FillerParameter()),
        tag=("x", "y", "z"),
        mean=(1.0, 2.5, float("-inf")),
        raw=b"\xffa",
        big=9223372036854775807,
    )


def test_what_is_set_is_known() -> None:
    thing = bound("visible: true tag: [] size { width: 0 }")

    assert thing.model_fields_set == {"visible", "tag", "size"}
    assert (thing.has("visible"), thing.has("tag"), thing.has("name")) == (True, False, False)


def test_part_of_a_tree_is_read() -> None:
    tree = parse(Source("part { std: 2 }"))

    assert bind(tree, FillerParameter, next(tree.root.blocks("part"))) == FillerParameter(std=2.0)


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("True", True), ("t", True), ("1", True), ("false", False), ("0", False)],
)
def test_words_and_digits_for_bools(word: str, value: bool) -> None:
    assert bound(f"visible: {word}").visible is value


@pytest.mark.parametrize("word", ["inf", "INF", "Infinity", "1e50", "1" + "0" * 60])
def test_infinite_floats(word: str) -> None:
    assert bound(f"weight: {word}").weight == float("inf")
    assert bound(f"weight: -{word}").weight == float("-inf")


def test_nan_has_any_case() -> None:
    thing = bound("weight: nan exact: -NaN")

    assert (thing.weight != thing.weight, thing.exact != thing.exact) == (True, True)


def test_an_enum_may_be_a_number() -> None:
    assert bound("colour: 5").colour is Colour.BLUE


def test_unknown_fields_are_named_with_the_closest_one() -> None:
    assert problems('nam: "x" size { width: 1 heigth: 2 } zzz: 1') == [
        "PN101 1:1 unknown field `nam` [did you mean `name`?]",
        "PN101 1:26 unknown field `heigth` [did you mean `height`?]",
        "PN101 1:38 unknown field `zzz`",
    ]


def test_a_field_in_the_wrong_block_is_sent_to_the_right_one() -> None:
    assert problems("size { width: 1 visible: t } height: 2") == [
        "PN101 1:17 unknown field `visible` [it is a field of `Thing`: write it one level up]",
        "PN101 1:30 unknown field `height` [it belongs in `size { ... }`]",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('small: "1"', 'takes an integer, not the string "1" [write `1` without quotes]'),
        ('small: "one two"', 'takes an integer, not the string "one two"'),
        ("small: 1.0", "takes an integer, not `1.0` [write `1`]"),
        ("small: 1.5", "takes an integer, not `1.5`"),
        ("small: one", "takes an integer, not the word `one`"),
        ("small: 2147483648", "takes an integer from -2147483648 to 2147483647, not `2147483648`"),
        ("small: [1, 2]", "takes an integer, not a list [write one value, without brackets]"),
        ("small { }", "takes an integer, not a message"),
        ('weight: "1.5"', 'takes a number, not the string "1.5" [write `1.5` without quotes]'),
        ("weight: much", "takes a number, not the word `much`"),
        ("weight: 0x10", "takes a number, not `0x10` [write it in decimal]"),
        ("exact: -010", "takes a number, not `-010` [write it in decimal]"),
        ("exact: much", "takes a number, not the word `much`"),
        ("name: box", 'takes a string, not the word `box` [put it in quotes: "box"]'),
        ("name: 1", "takes a string, not `1`"),
        ("raw: box", 'takes a string, not the word `box` [put it in quotes: "box"]'),
        ("visible: yes", "takes `true` or `false`, not the word `yes` [write `true`]"),
        ("visible: 2", "takes `true` or `false`, not `2`"),
        ("colour: BLU", "takes `RED` or `BLUE`, not the word `BLU` [did you mean `BLUE`?]"),
        ("colour: 3", "takes `RED` or `BLUE`, not `3`"),
        (
            'colour: "RED"',
            'takes `RED` or `BLUE`, not the string "RED" [write `RED` without quotes]',
        ),
        ("part: 1", "takes a message in braces, not `1` [write `part { ... }`]"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_wanted(text: str, message: str) -> None:
    name, _, value = text.partition(" ")

    assert problems(text) == [
        f"PN102 1:{len(text) - len(value) + 1} `{name.rstrip(':')}` {message}"
    ]


def test_values_in_a_list_are_each_looked_at() -> None:
    assert problems("mean: [1, 'x', 2, word]\npart: [{ }, 1, { stdd: 1 }]") == [
        'PN102 1:7 `mean` takes a number, not the string "x" [write `x` without quotes]',
        "PN102 1:7 `mean` takes a number, not the word `word`",
        "PN102 2:7 `part` takes a message in braces, not `1` [write `part { ... }`]",
        "PN101 2:18 unknown field `stdd` [did you mean `std`?]",
    ]


def test_a_list_of_floats_is_decimal() -> None:
    assert problems("mean: [1, 0x1F]") == [
        "PN102 1:7 `mean` takes a number, not `[1, 0x1F` [write it in decimal]"
    ]
    assert bound("small: 0x1F mean: [0.5, 0]  # 0x10").small == 31


def test_many_values_of_an_enum_are_not_listed() -> None:
    class Letters(Message):
        letter: Annotated[IntEnum("Letter", list("ABCDEFGHI")), Tag(1)] = None  # pyright: ignore # noqa: PGH003

    with pytest.raises(DiagnosticError) as caught:
        bind(parse(Source("letter: Z")), Letters)
    assert caught.value.diagnostics[0].message == "`letter` takes a `Letter`, not the word `Z`"


def test_a_missing_field_is_told_where_its_block_begins() -> None:
    assert problems("size { }") == ["PN103 1:6 missing field `width`"]


def test_an_unknown_field_close_to_a_missing_one_is_one_mistake() -> None:
    assert problems("size { widht: 2 }") == [
        "PN101 1:8 unknown field `widht` [did you mean `width`?]"
    ]


def test_a_singular_field_given_twice_shows_both_places() -> None:
    with pytest.raises(DiagnosticError) as caught:
        bound('name: "a"\nname: "b"\nsize { width: 1 }\nsize { width: 1 }')

    assert [
        (one.code, one.message, [f"{label.span} {label.text}" for label in one.labels])
        for one in caught.value.diagnostics
    ] == [
        (
            "PN104",
            "`name` is given twice",
            ["<text>:2:1 here again", "<text>:1:1 first given here"],
        ),
        (
            "PN104",
            "`size` is given twice",
            ["<text>:4:1 here again", "<text>:3:1 first given here"],
        ),
    ]


def test_a_constraint_of_a_message_is_told_at_its_value() -> None:
    assert problems("size { width: 1 depth: 0 }") == [
        "PN102 1:24 `depth`: input should be greater than or equal to 1"
    ]


def test_all_problems_come_in_one_run() -> None:
    codes = [line[:5] for line in problems('nam: 1 small: "x" size { } name: "a" name: "b"')]

    assert codes == ["PN101", "PN102", "PN103", "PN104"]
