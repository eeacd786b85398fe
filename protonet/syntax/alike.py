"""What two trees have in common: whether values mean the same, and where they stand."""

from collections import defaultdict
from collections.abc import Iterator

from protonet.syntax.tree import Block, Field, Value


def meaning(value: Value) -> object:
    """Return what protobuf sees: the order of fields of different names says nothing."""
    if type(value) is tuple:
        return tuple(map(meaning, value))
    if not isinstance(value, Block):
        return (type(value), value)
    found: defaultdict[str, list[object]] = defaultdict(list)
    for one in value.fields:
        items = one.value if type(one.value) is tuple else (one.value,)
        found[one.name] += map(meaning, items)
    return dict(found)


def in_text(value: Value) -> Iterator[tuple[int, int]]:
    """Yield where the messages of a value stand that do stand in the text."""
    for one in value if type(value) is tuple else (value,):
        if isinstance(one, Block) and one.in_text:
            yield one.at, one.end
        elif isinstance(one, Block):
            yield from (found for inner in one.fields for found in in_text(inner.value))


def alike(old: Field, new: Field) -> bool:
    """Tell whether one is the other, perhaps changed."""
    if isinstance(old.value, Block) and isinstance(new.value, Block):
        return (old.value.at, old.value.end) == (new.value.at, new.value.end)
    return same(old, new)


def same(old: Field, new: Field) -> bool:
    """Tell whether two fields read alike; the word `LRN` is not the string of it."""
    return old is new or (old.name == new.name and meaning(old.value) == meaning(new.value))
