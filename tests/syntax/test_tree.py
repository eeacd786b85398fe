"""Places of fields and values, found again in the text."""

import pytest

from protonet.source import Source, Span
from protonet.syntax.tree import Block, Field, Tree, Word
from tests.syntax.trees import tree

NET = """\
layer { name: "a" param { lr_mult: 1 } param { lr_mult: 2 } }
layer {
  convolution_param: { pad: [1, 2] pad: - 3 kernel # why
    : 5 }
}
bottom: ["x", 'y' "z"]
layer [{ name: "c" }, { name: "d" }]
"""


def shown(*path: str | int) -> str:
    span = tree(NET).place(*path)
    return NET[span.start : span.end]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "l"),
        (("layer", 0), "layer"),
        (("layer", 0, "name"), '"a"'),
        (("layer", 0, "param", 1, "lr_mult"), "2"),
        (("layer", 1, "convolution_param", "pad", 2), "- 3"),
        (("layer", 1, "convolution_param", "pad", 0), "["),
        (("layer", 1, "convolution_param", "kernel"), "5"),
        (("layer", 1, "convolution_param", "stride"), "convolution_param"),
        (("layer", 1, "type"), "layer"),
        (("layer", 3, "name"), '"d"'),
        (("layer", 4, "name"), "l"),
        (("layer", 0, "name", "deeper"), '"a"'),
        (("bottom", 1), "["),
    ],
)
def test_the_place_of_a_path_is_its_deepest_part(path: tuple[str | int, ...], text: str) -> None:
    assert shown(*path) == text


def test_the_value_of_a_field_that_stands_in_no_text_is_shown_at_its_name() -> None:
    source = Source("old\n")

    assert Tree(source, Block((), 0, 0)).value_span(Field("new", 1, 0)) == Span(source, 0, 3)


def test_all_and_blocks_find_fields_by_name() -> None:
    root = tree("a: 1 b { c: 1 } a: 2 b [{}, { c: 2 }] b: X").root

    assert [field.value for field in root.all("a")] == [1, 2]
    assert [[f.value for f in block.fields] for block in root.blocks("b")] == [[1], [], [2]]


def test_only_blocks_with_braces_stand_in_a_text() -> None:
    (field,) = tree("a {}").root.fields

    assert isinstance(field.value, Block)
    assert field.value.in_text
    assert not Block((), 3, 3).in_text


def test_a_word_is_a_string_of_its_own_kind() -> None:
    assert Word("MAX") == "MAX"
    assert repr(type(Word("MAX"))) != repr(str)
