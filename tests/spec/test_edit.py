"""Repairs of a file's text."""

import pytest

from protonet.diagnostics import Edit, Fix
from protonet.source import Source
from protonet.spec.edit import apply, field_at, joined, removal
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree

TEXT = """\
# a net
layer {
  name: "a"  # first

  param { lr_mult: 1 }
  param { lr_mult: 2 }
}
layer { name: "b" stage: ["x", "y"] }
"""


@pytest.fixture
def tree() -> Tree:
    return parse(Source(TEXT))


def test_a_field_is_found_by_its_path(tree: Tree) -> None:
    found = field_at(tree, "layer", 0, "param", 1, "lr_mult")

    assert found is not None
    assert (found.name, found.value, TEXT[found.at : found.at + 10]) == ("lr_mult", 2, "lr_mult: 2")


@pytest.mark.parametrize(
    "path",
    [
        ("layer", 2),
        ("layer", 0, "top"),
        ("layer", 0, "name", "deeper"),
        ("layer", 1, "stage", 0),
        ("layer", 0, "param", 2),
        (),
    ],
)
def test_what_is_not_there_or_in_a_list_is_no_field(
    tree: Tree, path: tuple[str | int, ...]
) -> None:
    assert field_at(tree, *path) is None
    assert removal(tree, *path) is None


def test_a_removal_leaves_all_else_as_it_is(tree: Tree) -> None:
    fix = removal(tree, "layer", 0, "param", 1)
    assert fix is not None

    text, done = apply(tree.source, [fix])

    assert (fix.what, done) == ("removed `param`", (fix,))
    assert text == TEXT.replace("  param { lr_mult: 2 }\n", "")


def test_a_field_that_an_upgrade_made_is_not_removed() -> None:
    made = parse(Source("old: 1"))
    field = made.root.fields[0]._replace(name="new")
    upgraded = Tree(made.source, made.root._replace(fields=(field,)))

    assert removal(upgraded, "new") is None


def test_a_field_is_replaced_by_others(tree: Tree) -> None:
    at = TEXT.index("lr_mult: 2")
    fix = Fix("changed it", tree.source, (Edit(at, "lr_mult", "lr_mult: 0 decay_mult: 0"),))

    text, _ = apply(tree.source, [fix])

    assert text == TEXT.replace("lr_mult: 2", "lr_mult: 0 decay_mult: 0")


def test_of_two_fixes_of_one_field_the_first_is_done(tree: Tree) -> None:
    fix = removal(tree, "layer", 0, "param", 1)
    assert fix is not None

    assert apply(tree.source, [fix, fix])[1] == (fix,)


def test_fixes_of_another_file_or_place_are_left_out(tree: Tree) -> None:
    other = Fix("", Source("other: 1"), (Edit(0, "other"),))
    wrong = Fix("", tree.source, (Edit(0, "layer"),))

    assert apply(tree.source, [other, wrong]) == (TEXT, ())


def test_joined_fixes_are_done_together(tree: Tree) -> None:
    fix = joined([removal(tree, "layer", 0, "param", at) for at in (0, 1, 2)])
    assert fix is not None

    text, _ = apply(tree.source, [fix])

    assert "param" not in text
    assert joined([None]) is None
