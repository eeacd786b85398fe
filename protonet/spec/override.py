"""Overrides from the command line, as edits of a file's text.

    base_lr=0.01                        a field of the solver
    stepvalue=[100, 200]                all values of a repeated field
    layer.fc8.inner_product_param.num_output=20
    layer.fc8.param.1.lr_mult=20        a number picks one of a repeated field
    layer.fc8.lr_mult=10                of every blob of the layer
    layer.conv*.lr_mult=0               of every layer that fits the pattern
    layer.conv*.weight_filler.type=msra a field of a message that these layers have
    layer.relu*.type=ELU                messages that the new type does not read go

The text is edited, not the message, so that an override is checked like a line of the file, a
diagnostic can show it, and comments stay.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from itertools import pairwise

from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.layers import LAYERS
from protonet.message.base import Kind, Message, Slot
from protonet.source import Source
from protonet.spec.edit import apply, removal
from protonet.spec.own_field import completed, needs_message, no_such_field, unread
from protonet.syntax.parse import parse
from protonet.syntax.tree import BLANK, Block, Field, Tree

LAYER = "layer."
MULTIPLIERS = ("lr_mult", "decay_mult")

_SETTING = re.compile(r"\s*(?P<path>[^=\s]+)\s*=(?P<value>.*)", re.DOTALL)
_STRING = r"(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
_VALUE = re.compile(
    rf"\[(?:{_STRING}|#[^\n]*|[^\]\"'#])*\]|{_STRING}(?:{BLANK}{_STRING})*|-?{BLANK}[\w.+-]+"
)

BlobCount = Callable[[str], int]
"""Tells how many blobs a layer of that name has."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One override: what is set, and the text of its value."""

    path: str
    value: str

    @property
    def is_of_a_layer(self) -> bool:
        """Tell whether it is about a net."""
        return self.path.startswith(LAYER)

    def __str__(self) -> str:
        return f"{self.path}={self.value}"


def setting(text: str) -> Setting:
    """Read ``field=value``.

    Raises:
        DiagnosticError: PN023, it is not of that form.
    """
    found = _SETTING.fullmatch(text)
    if found is None or not found["value"].strip() or "" in found["path"].split("."):
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN023",
                    f"`{text}` is not an override",
                    help="write `field=value`, like `base_lr=0.01` or `layer.fc8.lr_mult=10`",
                )
            ]
        )
    return Setting(found["path"], found["value"].strip())


def override(source: Source, settings: Iterable[Setting], message: type[Message]) -> Source:
    """Return a file with fields of its own set.

    Args:
        source: A prototxt.
        settings: What to set; none of them of a layer.
        message: What the file is read as: it tells which values are strings and need no quotes.
    """
    for one in settings:
        source = _set(source, lambda tree: tree.root, one.path.split("."), one.value, message)
    return source


def override_layers(
    source: Source, settings: Sequence[Setting], message: type[Message], blobs: BlobCount
) -> Source:
    """Return a net with fields of its layers set; a layer that the net does not have is left out.

    Args:
        source: A net in the current form (``layer { }``).
        settings: What to set, all of layers.
        message: LayerParameter.
        blobs: Asked where a multiplier is set for all of a layer's blobs.

    Raises:
        DiagnosticError: PN024, the layer has no blobs; PN696, no such field.
    """
    tree = parse(source)
    names = layer_names(tree)
    for one in settings:
        for name, path in _paths(one, tree, message, blobs):
            for nth in range(names.count(name)):
                where = partial(_layer, name=name, nth=nth)
                if path == ["type"]:
                    source = _without_unread(source, where, one.value.strip("\"'"))
                source = _set(source, where, path, one.value, message)
    return source


def _without_unread(source: Source, where: Callable[[Tree], Block], kind: str) -> Source:
    """Remove what a layer would not read any more if it were of another type."""
    tree = parse(source)
    block = where(tree)
    stale = unread(_text(block, "type"), kind)
    at = list(tree.root.blocks("layer")).index(block)
    found = (removal(tree, "layer", at, name) for name in sorted(stale))
    fixes = [fix for fix in found if fix is not None]
    return replace(source, text=apply(source, fixes)[0]) if fixes else source


def _paths(
    one: Setting, tree: Tree, message: type[Message], blobs: BlobCount
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each layer and the path below it that a setting is about."""
    layers, path = split(one, layer_names(tree))
    if path[:1] not in ([name] for name in MULTIPLIERS):
        types = {_text(block, "name"): _text(block, "type") for block in tree.root.blocks("layer")}
        yield from _of_types(one, {name: types[name] for name in layers}, path, message)
        return
    found = [(name, ["param", str(at), path[0]]) for name in layers for at in range(blobs(name))]
    if layers and not found:
        told = f"`{one}`: the layer has no blobs"
        raise DiagnosticError([Diagnostic("PN024", told)])
    yield from found


def _of_types(
    one: Setting, types: Mapping[str, str], path: Sequence[str], message: type[Message]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield of the layers that fit a pattern those that have the field, and where they have it.

    `conv*` may also mean `conv1_relu`, which reads no convolution_param.
    """
    if not types:
        return
    if needs_message(path, message) and all(kind in LAYERS for kind in types.values()):
        found = {name: completed(kind, path) for name, kind in types.items()}
        if not any(found.values()):
            raise DiagnosticError([no_such_field(str(one), path, list(types.values()))])
        yield from ((name, full) for name, full in found.items() if full)
        return
    reading = [name for name, kind in types.items() if _reads(kind, path[0])]
    yield from ((name, path) for name in reading or types)


def split(one: Setting, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the layers that a setting is about, if there are any, and the path below them.

    A layer's name may itself have dots: the longest that fits is meant.
    """
    steps = one.path.removeprefix(LAYER).split(".")
    names = list(dict.fromkeys(names))
    for at in range(len(steps) - 1, 0, -1):
        pattern = ".".join(steps[:at])
        found = [name for name in names if matches(name, pattern)]
        if found:
            return found, steps[at:]
    return [], []


def matches(layer: str, pattern: str) -> bool:
    """Tell whether a pattern, as ``conv*``, means a layer; names may hold what is special in it."""
    return layer == pattern or fnmatchcase(layer, pattern)


def layer_names(tree: Tree) -> list[str]:
    """Return the names of a net's layers, in file order."""
    return [_text(block, "name") for block in tree.root.blocks("layer")]


def no_such_layer(one: Setting, names: Sequence[str]) -> Diagnostic:
    """Return PN024: an override is about a layer that no net has."""
    wanted = one.path.removeprefix(LAYER).split(".")[0]
    message = f"no layer matches the override `{one}`"
    known = f"the layers are {', '.join(f'`{name}`' for name in dict.fromkeys(names))}"
    return Diagnostic("PN024", message, help=did_you_mean(wanted, names) or known)


def _text(block: Block, field: str) -> str:
    return next((str(found.value) for found in block.all(field)), "")


def _reads(kind: str, field: str) -> bool:
    """Tell whether layers of a type read a field."""
    return not field.endswith("_param") or (kind in LAYERS and field in LAYERS[kind].slots())


def _layer(tree: Tree, name: str, nth: int) -> Block:
    return [block for block in tree.root.blocks("layer") if _text(block, "name") == name][nth]


def _set(
    source: Source,
    where: Callable[[Tree], Block],
    path: Sequence[str],
    value: str,
    message: type[Message],
) -> Source:
    tree = parse(source)
    start, end, text = _edit(tree, where(tree), path, _quoted(value, path, message))
    return replace(source, text=source.text[:start] + text + source.text[end:])


def _edit(tree: Tree, block: Block, path: Sequence[str], value: str) -> tuple[int, int, str]:
    """Return what to put in place of which characters."""
    name, index, rest = _step(path)
    if not rest:
        return _edit_scalar(tree, block, name, index, value)
    blocks = list(block.blocks(name))
    at = index or 0
    if at < len(blocks):
        return _edit(tree, blocks[at], rest, value)
    return _insert(tree, block, f"{name} {{ }} " * (at - len(blocks)) + _nested(path, value))


def _edit_scalar(
    tree: Tree, block: Block, name: str, index: int | None, value: str
) -> tuple[int, int, str]:
    fields = list(block.all(name))
    if len(fields) <= (index or 0):
        return _insert(tree, block, f"{name}: {value}")
    if index is not None:
        return _extent(tree, fields[index], f"{name}: {value}")
    # The other values of a repeated field go; what stands between them stays, comments among it.
    extents = [_extent(tree, field) for field in fields]
    text = f"{name}: {value}"
    for (_, end, _), (start, _, _) in pairwise(extents):
        text += tree.source.text[end:start]
    return extents[0][0], extents[-1][1], text


def _extent(tree: Tree, field: Field, text: str = "") -> tuple[int, int, str]:
    if isinstance(field.value, Block):
        return field.at, field.value.end, text
    span = tree.value_span(field)
    found = _VALUE.match(tree.source.text, span.start)
    return field.at, found.end() if found else span.end, text


def _insert(tree: Tree, block: Block, text: str) -> tuple[int, int, str]:
    if block is tree.root:
        whole = tree.source.text
        end = len(whole)
        return end, end, f"{'' if whole.endswith(chr(10)) or not whole else chr(10)}{text}\n"
    return block.end - 1, block.end - 1, f" {text} "


def _nested(path: Sequence[str], value: str) -> str:
    name, _, rest = _step(path)
    return f"{name} {{ {_nested(rest, value)} }}" if rest else f"{name}: {value}"


def _step(path: Sequence[str]) -> tuple[str, int | None, Sequence[str]]:
    name, rest = path[0], path[1:]
    if rest and rest[0].isdecimal():
        return name, int(rest[0]), rest[1:]
    return name, None, rest


def _quoted(value: str, path: Sequence[str], message: type[Message]) -> str:
    """Return a value as the text needs it: a shell takes the quotes off a string."""
    slot = _slot(path, message)
    if slot is None or slot.kind not in {Kind.STRING, Kind.BYTES} or value[0] in "\"'[":
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _slot(path: Sequence[str], message: type[Message]) -> Slot | None:
    name, _, rest = _step(path)
    slot = message.slots().get(name)
    if slot is None or not rest:
        return slot
    return _slot(rest, slot.type) if slot.kind is Kind.MESSAGE else None
