"""The canonical layout, and that it says what the tree says."""

import pytest
from hypothesis import example, given, settings

from protonet.source import Source
from protonet.syntax.format import format as canonical
from protonet.syntax.format import format_block
from protonet.syntax.parse import parse
from protonet.syntax.tree import Block, Field, Tree, Word
from tests.syntax.trees import plain, texts, tree


def formatted(text: str) -> str:
    return canonical(tree(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a:1", "a: 1\n"),
        ("a : 'x'  b :  TRUE;", 'a: "x"\nb: TRUE\n'),
        ("a {\nb: 1}", "a {\n  b: 1\n}\n"),
        ("a: { b: 1 }", "a { b: 1 }\n"),
        ("a < b: 1, c {} >", "a { b: 1 c { } }\n"),
        ("a {\n}", "a {\n}\n"),
        ("a {}", "a { }\n"),
        ("a: [1,2 , 'x']", 'a: [1, 2, "x"]\n'),
        ("a: []", "a: []\n"),
        ("a [{b: 1}, {}]", "a: [{ b: 1 }, { }]\n"),
        ("a: 'x' \"y\"", 'a: "xy"\n'),
        (r"""a: 'it"s\n\001\377\\'""", 'a: "it\\"s\\n\\001\\377\\\\"\n'),
        ("a: 'é'", 'a: "é"\n'),
        ("\r\na: 1\r\n\r\nb: 2\r\n", "a: 1\n\nb: 2\n"),
    ],
)
def test_layout(text: str, expected: str) -> None:
    assert formatted(text) == expected


@pytest.mark.parametrize(
    "number", ["1e-3", "1.", ".5", "0x1F", "010", "1f", "100000000", "0.10", "-1e-3", "1e400", "0"]
)
def test_numbers_keep_their_spelling(number: str) -> None:
    assert formatted(f"a:  {number}  b: [{number},{number}]") == (
        f"a: {number}\nb: [{number}, {number}]\n"
    )


def test_a_minus_joins_its_number() -> None:
    assert formatted("a: - 1 b: - inf c: -# c\n0.50") == "a: -1\nb: -inf\nc: -0.50  # c\n"


def test_comments_stay_with_their_fields() -> None:
    text = """\
# top

# about a
a: 1  # behind a
b {  # behind the brace
  # before c
  c: 2
  # last in b
}  # behind b
d { e: 1 }  # short
# end
"""
    assert formatted(text) == text


def test_comments_within_a_field_come_behind_it() -> None:
    assert formatted("a # 1\n: # 2\n [1, # 3\n 2] # 4\nb: 1") == (
        "a: [1, 2]  # 1\n# 2\n# 3\n# 4\nb: 1\n"
    )


def test_blank_lines_are_kept_as_one_between_fields() -> None:
    assert formatted("\n\na: 1\n\n \n\nb {\n\n c: 1\n\n\n d: 2\n\n}\n\n\n") == (
        "a: 1\n\nb {\n  c: 1\n\n  d: 2\n}\n"
    )


def test_a_message_of_one_line_that_does_not_fit_is_broken() -> None:
    fields = " ".join(f"field_{i}: {i}" for i in range(9))

    assert formatted(f"a {{ {fields} b {{ c: 1 }} }}") == (
        "a {\n" + "".join(f"  field_{i}: {i}\n" for i in range(9)) + "  b { c: 1 }\n}\n"
    )


def test_a_list_with_odd_items_is_written_canonically() -> None:
    assert formatted("a: ['x' 'y', 0x10] b: 1") == 'a: ["xy", 16]\nb: 1\n'


def test_a_block_that_stands_in_no_text() -> None:
    shape = Block((Field("dim", 1, 0), Field("dim", 3, 0), Field("dim", 8, 0)), 0, 0)
    pool = Block(
        (Field("pool", Word("MAX"), 0), Field("kernel_size", 2, 0), Field("stride", 2, 0)), 0, 0
    )
    layer = Block(
        (
            Field("name", "l", 0),
            Field("input_param", Block((Field("shape", shape, 0),), 0, 0), 0),
            Field("pooling_param", pool, 0),
            Field("relu_param", Block((), 0, 0), 0),
        ),
        0,
        0,
    )
    net = Block(
        (Field("base_lr", 0.001, 0), Field("rate", 1e-10, 0), Field("layer", layer, 0)), 0, 0
    )

    assert (
        format_block(net)
        == """\
base_lr: 0.001
rate: 1e-10
layer {
  name: "l"
  input_param {
    shape { dim: 1 dim: 3 dim: 8 }
  }
  pooling_param {
    pool: MAX
    kernel_size: 2
    stride: 2
  }
  relu_param { }
}
"""
    )


def test_a_changed_tree_keeps_its_comments() -> None:
    """An upgrade renames fields, drops some and makes others."""
    before = tree("# one\nold: 1 # two\ngone: 2 # three\nlist: [1, 2]\n")
    old, _, values = before.root.fields
    made = Block((Field("a", 1, old.at), Field("b", "x", values.at)), old.at, old.at)
    root = before.root._replace(
        fields=(Field("made", made, old.at), values._replace(value=(3, 2), name="renamed"))
    )

    assert (
        canonical(Tree(before.source, root))
        == """\
# one
made { a: 1 b: "x" }
# two
# three
renamed: [3, 2]
"""
    )


def test_a_field_from_nowhere_in_the_text_is_written() -> None:
    root = Block((Field("a", 0.5, 0), Field("b", (Word("X"),), 1), Field("c", 2, 9)), 0, 9)

    assert canonical(Tree(Source("a: [1, [\n"), root)) == "a: 0.5\nb: [X]\nc: 2\n"


@settings(max_examples=60)
@given(texts)
@example("a {\n# c\n\n}\n# d")
@example("a: [1, # x\n {b: 1\n}]#y\n;#z")
def test_a_formatted_text_says_the_same_and_is_stable(text: str) -> None:
    before = tree(text)
    written = canonical(before)
    after = parse(Source(written))

    assert plain(after.root) == plain(before.root)
    assert [c.text for c in after.comments] == [c.text for c in before.comments]
    assert canonical(after) == written
