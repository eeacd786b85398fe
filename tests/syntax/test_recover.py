"""Faults of a text: what is said, where, and that one mistake is one message."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.syntax.recover import MAX_PROBLEMS
from tests.syntax.trees import texts, tree


def problems(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        tree(text)
    return caught.value.diagnostics


def told(text: str) -> list[tuple[str, str, int, int]]:
    """Return code, message, line and column of every problem."""
    spans = [(problem, problem.labels[0].span) for problem in problems(text)]
    places = [(problem, span.source.location(span.start)) for problem, span in spans]
    return [(problem.code, problem.message, at.line, at.column) for problem, at in places]


def marked(text: str) -> list[list[tuple[str, str]]]:
    """Return what the labels of every problem underline, and say."""
    return [
        [(text[label.span.start : label.span.end], label.text) for label in problem.labels]
        for problem in problems(text)
    ]


def help_of(text: str) -> str:
    (problem,) = problems(text)
    return problem.help


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a:\nb: 1", [("PN003", "field `a` has no value", 1, 1)]),
        ("a:\nb {\n}", [("PN003", "field `a` has no value", 1, 1)]),
        ("a: # 3\nb # x\n: 'y' # z\n", [("PN003", "field `a` has no value", 1, 1)]),
        ("m { a: }", [("PN003", "field `a` has no value", 1, 5)]),
        ("m < a: >", [("PN003", "field `a` has no value", 1, 5)]),
        (
            "a: ; b:,",
            [("PN003", "field `a` has no value", 1, 1), ("PN003", "field `b` has no value", 1, 6)],
        ),
        ("a:", [("PN003", "field `a` has no value", 1, 1)]),
        (
            "a: b: c: 1",
            [("PN003", "field `a` has no value", 1, 1), ("PN003", "field `b` has no value", 1, 4)],
        ),
    ],
)
def test_a_field_without_a_value(text: str, found: list[tuple[str, str, int, int]]) -> None:
    assert told(text) == found


def test_a_missing_value_shows_the_field_that_comes_instead() -> None:
    assert marked("a:\nbc: 1") == [[("a", ""), ("bc", "the next field begins here")]]
    assert marked("a:\nbc {}") == [[("a", ""), ("bc", "the next field begins here")]]
    assert marked("m { a: }") == [[("a", "")]]
    assert help_of("a:") == "write a value after the colon, or leave the field out"


@pytest.mark.parametrize(
    ("text", "message", "column", "advice"),
    [
        ("pool MAX", "`:` is missing after `pool`", 1, "write `pool: MAX`"),
        ("a: 1 pad 3 b: 2", "`:` is missing after `pad`", 6, "write `pad: 3`"),
        ('a "x"', "`:` is missing after `a`", 1, 'write `a: "x"`'),
        ("a -3", "`:` is missing after `a`", 1, "write `a: -`"),
        ("a [1]", "`:` is missing after `a`", 1, ""),
        ("axis = 1", "`=` stands after `axis` where `:` belongs", 6, "write `axis: ...`"),
        (
            "num output: 3",
            "`num` is followed by neither `:` nor `{`",
            1,
            "a name has no spaces: `num_output`?",
        ),
        (
            "conv param { }",
            "`conv` is followed by neither `:` nor `{`",
            1,
            "a name has no spaces: `conv_param`?",
        ),
        ("m { a }", "`a` is followed by neither `:` nor `{`", 5, ""),
        ("a\nb: 1", "`a` is followed by neither `:` nor `{`", 1, ""),
        ("a: b c", "`c` is followed by neither `:` nor `{`", 6, ""),
    ],
)
def test_a_name_without_its_colon(text: str, message: str, column: int, advice: str) -> None:
    assert told(text) == [("PN004", message, 1, column)]
    assert help_of(text) == advice


@pytest.mark.parametrize(
    ("text", "column", "quote"),
    [('a: "x\nb: 1', 4, '"'), ("a: 'x y: 2 \r\nb: 1", 4, "'"), ('a: "Food100""\n', 13, '"')],
)
def test_a_string_that_does_not_end_on_its_line(text: str, column: int, quote: str) -> None:
    assert told(text) == [("PN005", "a string is not closed", 1, column)]
    assert help_of(text) == f"add the closing `{quote}`; a string ends on the line it begins on"


def test_an_open_string_is_underlined_to_the_end_of_its_line() -> None:
    assert marked("a: 'x y: 2 \r\nb: 1") == [[("'x y: 2", "")]]


@pytest.mark.parametrize(
    ("text", "escape", "column"),
    [
        (r'a: "C:\data"', r"\d", 7),
        (r'a: "\n\xg"', r"\x", 7),
        (r'a: "\u12"', r"\u", 5),
        (r'a: "\U00110000"', r"\U", 5),
        (r'a: ["ok", "\9"]', r"\9", 12),
    ],
)
def test_a_backslash_that_begins_no_escape(text: str, escape: str, column: int) -> None:
    assert told(text) == [("PN006", f"`{escape}` is not an escape", 1, column)]
    assert marked(text) == [[(escape, "")]]
    assert help_of(text) == "write `\\\\` for a backslash; a path may use `/` on every system"


@pytest.mark.parametrize(
    "number", ["1.2.3", "5x", "0x", "0x1G", "1e", "1_000", "08.5", "1ff", "1.5e+2.3"]
)
def test_a_malformed_number(number: str) -> None:
    assert told(f"a: {number} b: 2") == [("PN007", f"`{number}` is not a number", 1, 4)]
    assert told(f"a: -{number}\nb: 2") == [("PN007", f"`{number}` is not a number", 1, 5)]


def test_a_leading_zero_is_explained() -> None:
    assert told("a: 089") == [("PN007", "`089` is not a number", 1, 4)]
    assert help_of("a: 089") == "a leading 0 makes a number octal: leave it out"


@pytest.mark.parametrize(
    ("text", "message", "column", "advice"),
    [
        ("a: +1", "expected a value, found `+`", 4, "a number has no `+`"),
        ("a:: 1", "expected a value, found `:`", 3, ""),
        ("a: = 1", "expected a value, found `=`", 4, ""),
        ("a: ]", "expected a value, found `]`", 4, ""),
        ("a: -\nb: 1", "expected a number after `-`, found `b`", 1, ""),
        ("a: -", "expected a number after `-`, found the end of the file", 5, ""),
        ("a: - {", "expected a number after `-`, found `{`", 6, ""),
        ("a: - 'x'", "expected a number after `-`, found `'x'`", 6, ""),
        ("a: 1 2 3", "expected a field name, found `2`", 6, ""),
        ("a: 1; ; b: 2", "expected a field name, found `;`", 7, ""),
        ("m { , a: 1 }", "expected a field name, found `,`", 5, ""),
        ("'x': 1", "expected a field name, found `'x'`", 1, ""),
        ("foo.bar: 1", "expected a field name, found `foo.bar`", 1, ""),
        ("? b: 1", "expected a field name, found `?`", 1, ""),
        (
            "a: \u201cx\u201d",
            "expected a value, found `\u201c`",
            4,
            "use straight quotes, `\"` or `'`",
        ),
        (
            "a: 1\u00a0",
            "expected a field name, found U+00A0",
            5,
            "write a plain space: this one is of a web page or a text processor",
        ),
        (
            "a: 50%",
            "expected a field name, found `%`",
            6,
            "write the number that it means: `0.5` for 50 percent",
        ),
        (
            "a: (3, 3)",
            "expected a value, found `(`",
            4,
            "write a list, as `[3, 3]`, or the field once for each value",
        ),
        (
            "a: 1/255",
            "expected a field name, found `/255`",
            5,
            "a value is no formula: write the number that it gives",
        ),
        (
            "a: 0,5",
            "expected a field name, found `5`",
            6,
            "several values are a list, `[0, 5]`; the decimal point is a `.`",
        ),
        (
            "// c",
            "expected a field name, found `//`",
            1,
            "a comment begins with `#`, on each of its lines",
        ),
        (
            "[a.b]: 1",
            "expected a field name, found `[`",
            1,
            "a field's name has no brackets: Caffe's format has no extensions",
        ),
    ],
)
def test_something_where_it_cannot_stand(text: str, message: str, column: int, advice: str) -> None:
    (problem,) = problems(text)
    assert (problem.code, problem.message, problem.help) == ("PN002", message, advice)
    assert problem.labels[0].span.source.location(problem.labels[0].span.start).column == column


def test_a_wide_colon_is_told() -> None:
    assert told("a\uff1a 1") == [("PN004", "`a` is followed by neither `:` nor `{`", 1, 1)]
    assert help_of("a\uff1a 1") == "write a plain `:` for `\uff1a`"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\n<!DOCTYPE html>\n<p>404</p>", "a web page or XML"),
        ("<?xml version='1.0'?>", "a web page or XML"),
        ("404: Not Found", "what a server answers that has no such file"),
        ("version https://git-lfs.github.com/spec/v1\nsize 1\n", "a pointer of Git LFS"),
        ('{ "name": "x" }', "JSON"),
        ("#!/usr/bin/env python\nimport caffe\n", "a Python program"),
        ("from caffe import layers as L\n", "a Python program"),
        ("diff --git a/x b/x\n", "a patch"),
    ],
)
def test_a_file_of_another_kind_is_one_mistake(text: str, what: str) -> None:
    (problem,) = problems(text)

    assert (problem.code, problem.message) == ("PN020", f"`<text>` is {what}")


def test_a_message_without_a_name_is_one_mistake() -> None:
    assert told("{\n a: 1\n}\nb: 2") == [("PN002", "expected a field name, found `{`", 1, 1)]
    assert told("a: 1 {\n b: 2\n}") == [("PN002", "expected a field name, found `{`", 1, 6)]
    assert told("a: 1 2 < b: 2 >") == [("PN002", "expected a field name, found `2`", 1, 6)]


def test_a_long_find_is_cut() -> None:
    assert problems("a: 1 '" + "x" * 99 + "'")[0].message == (
        "expected a field name, found `'" + "x" * 39 + "...`"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\n}", [("PN008", "`}` closes nothing", 2, 1)]),
        ("> a: 1", [("PN008", "`>` closes nothing", 1, 1)]),
        ("a < b: 1 } c: 2", [("PN008", "`}` cannot close `<`", 1, 10)]),
        ("a {\n b: 2 >\nc: 1", [("PN008", "`>` cannot close `{`", 2, 7)]),
    ],
)
def test_braces_that_close_nothing_of_theirs(
    text: str, found: list[tuple[str, str, int, int]]
) -> None:
    assert told(text) == found


def test_a_wrong_closing_brace_shows_the_opening_one() -> None:
    assert marked("a < b: 1 }") == [[("}", ""), ("<", "opened here")]]
    assert help_of("a < b: 1 }") == "write `>`"
    assert help_of("a { b: 1 >") == "write `}`"
    assert help_of("}") == "remove it, or look for an extra brace above"


def test_an_unclosed_message_is_told_at_its_brace() -> None:
    assert told("a: 1\nb {\n  c: 2\n") == [("PN009", "`{` on line 2 is not closed", 2, 3)]
    assert told("a <") == [("PN009", "`<` on line 1 is not closed", 1, 3)]
    assert help_of("b {") == "add the closing brace"


def test_messages_that_are_open_around_it_are_shown() -> None:
    assert marked("a {\nb {\nc {") == [
        [("{", ""), ("{", "also still open"), ("{", "also still open")]
    ]


def test_indentation_tells_which_brace_is_missing() -> None:
    text = """\
layer {
  convolution_param {
    num_output: 3
}
layer {
  name: "next"
}
"""
    assert told(text) == [("PN009", "`{` on line 2 is not closed", 2, 21)]
    assert marked(text) == [[("{", ""), ("}", "this one is indented as if it closed an outer one")]]


def test_an_odd_indentation_alone_is_no_hint() -> None:
    assert told("layer {\n    a {\n  }\n") == [("PN009", "`{` on line 1 is not closed", 1, 7)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: [1\nb: 2", [("PN009", "`[` on line 1 is not closed", 1, 4)]),
        ("a: [1,\nb: 2", [("PN009", "`[` on line 1 is not closed", 1, 4)]),
        ("m { a: [ }", [("PN009", "`[` on line 1 is not closed", 1, 8)]),
        ("a: [", [("PN009", "`[` on line 1 is not closed", 1, 4)]),
        ("a: [1 2]\nb: 1", [("PN002", "expected `,` or `]`, found `2`", 1, 7)]),
        ("a: [{b: 1} {b: 2}]", [("PN002", "expected `,` or `]`, found `{`", 1, 12)]),
        ("a: [1; 2] b: 1", [("PN002", "expected `,` or `]`, found `;`", 1, 6)]),
        ("a: [1,] b: 1", [("PN002", "expected a value, found `]`", 1, 7)]),
        ("a: [,] b: 1", [("PN002", "expected a value, found `,`", 1, 5)]),
        ("a: [[1, 2], [{b: 3}]]\nc: 1", [("PN002", "expected a value, found `[`", 1, 5)]),
        ("a: [1 : {b: 2}]", [("PN002", "expected `,` or `]`, found `:`", 1, 7)]),
        ("a: [-] b: 1", [("PN002", "expected a value, found `]`", 1, 6)]),
        ("a: [$X, 1] b: 1", [("PN011", "`$X` is a placeholder: the file is a template", 1, 5)]),
        ("a: [1 $X\nb: 1", [("PN011", "`$X` is a placeholder: the file is a template", 1, 7)]),
        ("a: [1, 'x", [("PN005", "a string is not closed", 1, 8)]),
    ],
)
def test_lists(text: str, found: list[tuple[str, str, int, int]]) -> None:
    assert told(text) == found


def test_a_conflict_is_read_as_our_side() -> None:
    text = """\
a: 1
<<<<<<< HEAD
b { c:
=======
b { }
d: =
>>>>>>> theirs
}
"""
    assert told(text) == [
        ("PN010", "a git conflict was left in the file", 2, 1),
        ("PN003", "field `c` has no value", 3, 5),
    ]


def test_conflicts_within_conflicts_are_one() -> None:
    text = """\
<<<<<<< HEAD
<<<<<<< HEAD
a: 1
||||||| base
a:
=======
a = 2
>>>>>>> one
=======
a = 3
>>>>>>> two
b: 1
"""
    assert told(text) == [("PN010", "a git conflict was left in the file", 1, 1)]


@pytest.mark.parametrize("mark", ["=======", ">>>>>>> theirs"])
def test_half_a_conflict_is_told(mark: str) -> None:
    assert told(f"a: 1\n{mark}\nb: 1") == [("PN010", "a git conflict was left in the file", 2, 1)]
    assert help_of(mark) == (
        "choose one side and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
    )


def test_a_conflict_without_an_end_ends_with_the_file() -> None:
    assert told("<<<<<<<\na: 1\n=======\nb =") == [
        ("PN010", "a git conflict was left in the file", 1, 1)
    ]


@pytest.mark.parametrize(
    "placeholder",
    [
        "${X}",
        "$(X)",
        "$X",
        "{{ x }}",
        "{{ x",
        "{% if x %}",
        "{% if",
        "%{x}%",
        "%(x)s",
        "%d",
        "%.3f",
        "@X@",
        "<cv>",
        'PICK{"a": ["1"]}',
    ],
)
def test_placeholders(placeholder: str) -> None:
    found = [("PN011", f"`{placeholder}` is a placeholder: the file is a template", 1, 8)]

    assert told(f"num:   {placeholder}\nb: 1") == found
    assert help_of(f"num: {placeholder}") == "fill the template in first"


def test_a_placeholder_behind_a_name_stands_for_its_value() -> None:
    found = told('layer { filler {{ filler }} name: "a" }\nlayer { name: "b" type: }\n')

    assert [code for code, *_ in found] == ["PN011", "PN003"]


def test_a_placeholder_that_takes_braces_along_hides_no_more_than_them() -> None:
    found = told('layer { filler {{ type: "x" } bottom: "a" }\nlayer { name: "b" }\n')

    assert [code for code, *_ in found] == ["PN011", "PN009"]


def test_a_placeholder_among_fields() -> None:
    assert told("{% for x in y %}\nlr_$X: 1\na: 1 ${Y}: 2") == [
        ("PN011", "`{% for x in y %}` is a placeholder: the file is a template", 1, 1),
        ("PN004", "`lr_` is followed by neither `:` nor `{`", 2, 1),
        ("PN011", "`${Y}` is a placeholder: the file is a template", 3, 6),
    ]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("data/train", "data/train"),
        ("/data/train_lmdb", "/data/train_lmdb"),
        ("../x.txt", "../x.txt"),
        ("~/x", "~/x"),
        ("C:\\data\\x", "C:/data/x"),
        ("net.prototxt", "net.prototxt"),
        ("a-b", "a-b"),
    ],
)
def test_a_text_without_quotes(text: str, advice: str) -> None:
    assert told(f"a: {text} b: 1") == [("PN014", f"`{text}` is text without quotes", 1, 4)]
    assert help_of(f"a: {text}") == f'write `"{advice}"`'


def test_a_binary_file_is_told_once() -> None:
    assert told("a: 1\n\0\0}}}") == [("PN013", "`<text>` is not text", 2, 1)]
    assert help_of("\0") == (
        "a prototxt is expected; `.caffemodel` and `.solverstate` files are binary"
    )


def test_every_mistake_of_a_file_is_told_in_one_run() -> None:
    text = """\
name: "net
layer {
  name = "a"
  type:
  bottom: 'x' 'y
  convolution_param {
    num_output: ${N}
    pad 1
    stride: 08
  }
}
}
input_dim: [1, 3
source: data/x
"""
    assert [(code, line) for code, _, line, _ in told(text)] == [
        ("PN005", 1),
        ("PN004", 3),
        ("PN003", 4),
        ("PN005", 5),
        ("PN011", 7),
        ("PN004", 8),
        ("PN007", 9),
        ("PN008", 12),
        ("PN009", 13),
        ("PN014", 14),
    ]


def test_what_is_told_has_an_end() -> None:
    assert len(problems("}" * 10_000)) == MAX_PROBLEMS


def test_a_wall_of_junk_takes_no_time() -> None:
    assert len(problems("a b c d %%% [[[ \n" * 1_000)) == MAX_PROBLEMS


def is_read_or_refused(text: str) -> bool:
    """Return whether a text is a tree, or gives problems that can be printed and have a place."""
    try:
        tree(text)
    except DiagnosticError as error:
        return bool(str(error)) and all(problem.labels for problem in error.diagnostics)
    return True


@example("a{%")
@given(st.text("ab01 .:{}<>[],;-+=\"'\\#\n$%/"))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert is_read_or_refused(text)


@settings(max_examples=50)
@given(texts, st.data())
def test_a_text_that_lacks_a_part_is_read_or_refused(text: str, data: st.DataObject) -> None:
    start, end = (data.draw(st.integers(0, len(text))) for _ in range(2))

    assert is_read_or_refused(text[:start] + text[end:])
