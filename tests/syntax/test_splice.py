"""A changed tree becomes text in which nothing else has changed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protonet.source import Source
from protonet.syntax.format import format as canonical
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree, Value, Word

Edit = Callable[[tuple[Field, ...]], tuple[Field, ...]]


def changed(text: str, edit: Edit, *, with_comments: bool = True) -> str:
    """Splice a text whose outermost fields were edited."""
    tree = parse(Source(text))
    new = replace(tree, root=tree.root._replace(fields=edit(tree.root.fields)))
    return splice(tree, new, with_comments=with_comments)


def without(name: str) -> Edit:
    return lambda fields: tuple(one for one in fields if one.name != name)


def renamed(old: str, new: str) -> Edit:
    return lambda fields: tuple(
        one._replace(name=new) if one.name == old else one for one in fields
    )


def made(name: str, at: int = 0) -> Field:
    return Field(name, Block((Field("x", 1, at),), at, at), at)


def meaning(value: Value) -> object:
    """Return what a value says: fields by name, since the order of different ones says nothing."""
    if isinstance(value, Block):
        names = sorted({one.name for one in value.fields})
        return {name: [meaning(one.value) for one in value.all(name)] for name in names}
    if isinstance(value, tuple):
        return [meaning(item) for item in value]
    return type(value).__name__, value


ODD = "# head\n\na :  1 ;b:2 # b's\n\n\n  m<  x:.5 >  c: 'one' \"two\"\n"


def test_the_same_tree_is_the_same_text() -> None:
    assert changed(ODD, lambda fields: fields) == ODD
    tree = parse(Source(ODD))
    assert splice(tree, tree) == ODD


@pytest.mark.parametrize(
    ("text", "edit", "result"),
    [
        ("a: 1\nb: 2\n", without("a"), "b: 2\n"),
        ("a: 1  b: 2\n", without("a"), "b: 2\n"),
        ("b: 2; a: 1 a: 3,\nc: 4", without("a"), "b: 2; \nc: 4"),
        ("b: 2\n  a: 1\n  a: 3 a: 5\nc: 4", without("a"), "b: 2\nc: 4"),
        ("b: 2\n\na: 1\n\nc: 4\n", without("a"), "b: 2\n\nc: 4\n"),
        ("b: 2\na: 1 # why\nc: 4\n", without("a"), "b: 2\n# why\nc: 4\n"),
        ("# why\na: 1", without("a"), "# why\n"),
        ("m  { x: 1 } # why\n", renamed("m", "layer"), "layer  { x: 1 } # why\n"),
        ("a  : 1 # why\n", renamed("a", "b"), "b: 1 # why\n"),
    ],
)
def test_fields_go_and_change_their_names(text: str, edit: Edit, result: str) -> None:
    assert changed(text, edit) == result


def test_comments_go_with_their_field_if_asked_to() -> None:
    text = "b: 2\n\n# the layer\n# of old\nm {\n  x: 1 # one\n} # end\n\nc: 4\n"

    assert changed(text, without("m"), with_comments=False) == "b: 2\n\nc: 4\n"


def test_a_comment_of_another_field_stays_whatever_is_asked() -> None:
    text = "# the head\n\na: 1\nb: 2\n"

    assert changed(text, without("a"), with_comments=False) == "# the head\n\nb: 2\n"


def test_what_is_made_follows_its_neighbour_in_its_manner() -> None:
    def add(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return (*fields, made("m", 99), Field("z", Word("true"), 99))

    assert changed("  a: 1 # one\n", add) == "  a: 1 # one\n  m { x: 1 }\n  z: true\n"
    assert changed("b: 2 a: 1", add) == "b: 2 a: 1 m { x: 1 } z: true"
    assert changed("", add) == " m { x: 1 } z: true "


def test_what_comes_first_stands_before_the_first() -> None:
    text = "# head\n  a: 1\n"

    assert (
        changed(text, lambda fields: (made("m", 99), *fields)) == "# head\n  m { x: 1 }\n  a: 1\n"
    )


def test_what_is_made_of_a_field_that_stays_may_stand_before_it() -> None:
    def before(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(new for one in fields for new in (made("m", one.at), one))

    assert changed("  a: 1 # one\n", before) == "  m { x: 1 }\n  a: 1 # one\n"


def test_a_tree_whose_fields_stand_in_no_text_is_written_anew() -> None:
    text = "a: 1"
    tree = parse(Source(text))
    (one,) = tree.root.fields
    made_up = replace(tree, root=tree.root._replace(fields=(one._replace(name="b"),)))

    assert splice(made_up, tree) == "a: 1\n"


def test_several_take_the_place_of_one() -> None:
    def split(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(Field("d", value, one.at) for one in fields for value in (2, 3))

    assert changed("  d: [2, 3]  # both\n", split) == "  d: 2\n  d: 3  # both\n"


def test_a_word_and_the_string_of_it_differ() -> None:
    def quote(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(one._replace(value=str(one.value)) for one in fields)

    assert changed("type:   LRN # local\n", quote) == 'type: "LRN" # local\n'


def test_the_fields_of_an_empty_message_stand_in_it() -> None:
    def fill(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        (one,) = fields
        assert isinstance(one.value, Block)
        inner = one.value._replace(fields=(Field("x", 1, 0), Field("y", 2, 0)))
        return (one._replace(value=inner),)

    assert changed("m {}", fill) == "m { x: 1 y: 2 }"


def test_a_message_is_written_anew_where_a_comment_would_be_lost() -> None:
    def unwrapped(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        (one,) = fields
        assert isinstance(one.value, Block)
        (inner,) = one.value.blocks("n")
        return (one._replace(value=one.value._replace(fields=inner.fields)),)

    text = "m {  n {\n  x: 1 # one\n  y: 2 } }  # end\n"

    assert changed(text, unwrapped) == "m {\n  x: 1  # one\n  y: 2\n}  # end\n"


def test_the_comments_in_what_is_gone_stay_at_its_place() -> None:
    text = "a:   1\n  m {  # m\n    x: 1 # one\n  } # end\nb:   2\n"

    assert changed(text, without("m")) == "a:   1\n  # m\n  # one\n  # end\nb:   2\n"
    assert changed(text, without("m"), with_comments=False) == "a:   1\nb:   2\n"


def test_a_message_takes_its_comments_along() -> None:
    def wrapped(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        first, message, last = fields
        outer = Block((message,), first.at, first.at)
        return (Field("outer", outer, first.at), last)

    text = "a: 1\nm {  # m\n    x: 1 # one\n} # end\nb:   2\n"

    assert changed(text, wrapped) == (
        "outer {\n  m {  # m\n    x: 1  # one\n  }\n}\n# end\nb:   2\n"
    )


def test_all_is_written_anew_where_nothing_else_helps() -> None:
    text = "d: [ 1, # one\n 2 ] b:  2\n"

    assert changed(text, without("d")) == "# one\nb: 2\n"
    assert changed("a: 1 b # why\n : 2\n", renamed("b", "c")) == "a: 1\nc: 2\n# why\n"


def test_a_line_without_end_takes_no_longer_than_its_length() -> None:
    text = "a: 1 b: 2 " * 20_000

    assert changed(text, without("a")) == "b: 2 " * 20_000


NAMES = st.sampled_from("abc")
FIELDS = st.recursive(
    st.builds("{}: {}".format, NAMES, st.sampled_from(["1", "x", '"s"', "[1, 2]"])),
    lambda inner: st.builds(
        "{} {{{}{}}}".format, NAMES, st.sampled_from([" ", "\n", " # c\n"]), inner.map("{} ".format)
    ),
    max_leaves=6,
)
TEXTS = st.lists(
    st.tuples(FIELDS, st.sampled_from([" ", "\n", "\n\n", " # d\n", ";\n"])), max_size=5
).map(lambda parts: "".join(field + end for field, end in parts))


@settings(max_examples=150)
@given(TEXTS, NAMES, st.booleans())
def test_it_means_what_the_canonical_text_means(text: str, gone: str, keep: bool) -> None:
    tree = parse(Source(text))
    new = _dropped(tree, gone)

    spliced = parse(Source(splice(tree, new, with_comments=keep)))

    assert meaning(spliced.root) == meaning(parse(Source(canonical(new))).root)
    if keep:
        assert sorted(one.text for one in spliced.comments) == sorted(
            one.text for one in tree.comments
        )


def _dropped(tree: Tree, name: str) -> Tree:
    """Leave out every field of a name, at any depth, and call others otherwise."""

    def block(old: Block) -> Block:
        return old._replace(
            fields=tuple(
                one._replace(
                    name=one.name * 2,
                    value=block(one.value) if isinstance(one.value, Block) else one.value,
                )
                for one in old.fields
                if one.name != name
            )
        )

    return replace(tree, root=block(tree.root))
