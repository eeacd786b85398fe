"""Repairs of a file: what they are made of, and how they are applied.

A `Fix` names fields by their place in the text and says what to write instead. All fixes of a file
are applied at once, to its tree; `splice` then leaves every other character as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from protonet.diagnostics import Edit, Fix
from protonet.source import Source
from protonet.spec.change import in_blocks
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree, Value


def removal(tree: Tree, *path: str | int) -> Fix | None:
    """Return the fix that removes a field; None if it does not stand in the text as it is.

    Args:
        tree: The file, perhaps upgraded.
        path: Where the field is, as in ``Tree.place``.
    """
    field = field_at(tree, *path)
    if field is None or not tree.source.text.startswith(field.name, field.at):
        return None
    return Fix(f"removed `{field.name}`", tree.source, (Edit(field.at, field.name),))


def joined(fixes: Iterable[Fix | None]) -> Fix | None:
    """Return several fixes of one file as one, named as the first; None if there is none."""
    given = [fix for fix in fixes if fix is not None]
    edits = tuple(edit for fix in given for edit in fix.edits)
    return replace(given[0], edits=edits) if given else None


def field_at(tree: Tree, *path: str | int) -> Field | None:
    """Return the field that a path leads to, as in ``Tree.place``; None if there is none.

    A value of a list is no field.
    """
    block: Value = tree.root
    found = None
    for at, name in enumerate(path):
        if not isinstance(name, str):
            continue
        index = path[at + 1] if at + 1 < len(path) else 0
        named = list(block.all(name)) if isinstance(block, Block) else []
        if not isinstance(index, str) and index >= len(named):
            return None
        found = named[index if isinstance(index, int) else 0] if named else None
        if found is None or type(found.value) is tuple:
            return None
        block = found.value
    return found


def apply(source: Source, fixes: Iterable[Fix]) -> tuple[str, tuple[Fix, ...]]:
    """Return the text of a file with fixes applied, and which were.

    Args:
        source: The file.
        fixes: Those of other files are left out, and a second one for the same field.
    """
    tree = parse(source)
    places = {field.at: field.name for field in _fields(tree.root)}
    edits: dict[int, Edit] = {}
    done: list[Fix] = []
    for fix in fixes:
        fits = all(places.get(edit.at) == edit.name and edit.at not in edits for edit in fix.edits)
        if fix.source == source and fits:
            edits |= {edit.at: edit for edit in fix.edits}
            done.append(fix)
    changed = replace(tree, root=_edited(tree.root, edits))
    return splice(tree, changed, with_comments=False), tuple(done)


def _fields(block: Block) -> Iterable[Field]:
    for field in block.fields:
        yield field
        for inner in _blocks(field.value):
            yield from _fields(inner)


def _blocks(value: Value) -> Sequence[Block]:
    values = value if type(value) is tuple else (value,)
    return [one for one in values if isinstance(one, Block)]


def _edited(block: Block, edits: dict[int, Edit]) -> Block:
    fields: list[Field] = []
    for field in block.fields:
        edit = edits.get(field.at)
        if edit is None:
            inner = in_blocks(field.value, lambda one: _edited(one, edits))
            fields.append(field._replace(value=inner))
        elif edit.text:
            new = parse(Source(edit.text)).root.fields
            fields += (one._replace(at=field.at) for one in new)
    return block._replace(fields=tuple(fields))
