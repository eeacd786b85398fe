"""What differs between two nets or two solvers in meaning, as text. Torch-free.

Order of fields, comments, spelling, generation and values that are written though they are the
default do not count.
"""

from collections.abc import Iterator, Mapping, Sequence

from protonet import files
from protonet.data.resolve import Resolved, resolve_net
from protonet.data.shapes import ReadShapes, source_shapes
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.graph.ir import Node, Value
from protonet.graph.rules import states
from protonet.message.base import Kind, Message
from protonet.message.unbind import text_of
from protonet.shape import count, extents
from protonet.spec.other_file import is_solver
from protonet.spec.read import read_net, read_solver
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree

Fields = Mapping[str, str]
"""What is told of a layer, by what it is called."""


def diff(first: str, second: str, read: ReadShapes = source_shapes) -> tuple[str, ...]:
    """Return the differences of two files, a line each; none if they mean the same.

    Args:
        first: A net or a solver.
        second: Another of the same kind.
        read: Gives the shapes of the tops of a data layer.

    Raises:
        DiagnosticError: A file is at fault; PN840, one is a net and the other a solver.
    """
    trees = [parse(files.read(name)) for name in (first, second)]
    kinds = ["solver" if is_solver(tree) else "net" for tree in trees]
    if kinds[0] != kinds[1]:
        message = f"`{first}` is a {kinds[0]}, but `{second}` is a {kinds[1]}"
        problem = Diagnostic("PN840", message, help="compare two nets, or two solvers")
        raise DiagnosticError([problem])
    old, new = trees
    return tuple(_solvers(old, new) if kinds[0] == "solver" else _nets(old, new, read))


def _solvers(first: Tree, second: Tree) -> Iterator[str]:
    yield from _changed("", read_solver(first).message, read_solver(second).message)


def _nets(first: Tree, second: Tree, read: ReadShapes) -> Iterator[str]:
    old, new = read_net(first), read_net(second)
    if old.message.name != new.message.name:
        yield f'name: "{old.message.name}" -> "{new.message.name}"'
    found: dict[str, tuple[str, ...]] = {}
    for before in states(old.message):
        after = next((s for s in states(new.message) if s.phase == before.phase), None)
        if after is not None:
            both = resolve_net(old, before, read=read), resolve_net(new, after, read=read)
            found[before.phase.name] = tuple(_resolved(*both))
    if len(set(found.values())) == 1:
        yield from next(iter(found.values()))
        return
    for phase, lines in found.items():
        if lines:
            yield f"{phase}:"
            yield from (f"  {line}" for line in lines)


def _resolved(old: Resolved, new: Resolved) -> Iterator[str]:
    olds = {node.key: node for node in old.graph.nodes}
    news = {node.key: node for node in new.graph.nodes}
    for key, node in olds.items():
        if key not in news:
            yield f"- layer `{key}` ({node.type})"
        elif lines := list(_layer(_told(node, old), _told(news[key], new), node, news[key])):
            yield f"~ layer `{key}` ({node.type})"
            yield from (f"    {line}" for line in lines)
    yield from (f"+ layer `{key}` ({node.type})" for key, node in news.items() if key not in olds)
    if (was := _parameters(old)) != (is_ := _parameters(new)):
        yield f"parameters: {was:,} -> {is_:,} ({is_ - was:+,})"


def _layer(before: Fields, after: Fields, old: Node, new: Node) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield f"{name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"
    if old.type == new.type:
        yield from _changed("", old.layer, new.layer)


def _told(node: Node, net: Resolved) -> Fields:
    """Return what is said of a layer besides the messages of its type."""
    owned = net.ownership.slots.get(node.key, ())
    told = {
        "type": node.type,
        "bottoms": _blobs(node.bottoms),
        "tops": _blobs(node.tops),
        "loss_weight": " ".join(f"{weight:g}" for weight in node.loss_weights),
    }
    # How many samples a batch has is a field of the data layer, and need not be told of each top.
    told |= {f"sample of {top.blob}": extents(net.shapes.values[top][1:]) for top in node.tops}
    for index, one in enumerate(owned):
        told[f"blob {index}"] = extents(one.weight.shape)
        told[f"lr_mult of blob {index}"] = f"{one.lr_mult:g}"
        told[f"decay_mult of blob {index}"] = f"{one.decay_mult:g}"
    return told


def _changed(path: str, old: Message, new: Message) -> Iterator[str]:
    """Yield the fields whose values differ, those of messages within by their path."""
    for slot in type(old).slots().values():
        before, after = getattr(old, slot.name), getattr(new, slot.name)
        if slot.kind is Kind.MESSAGE and not slot.repeated and before and after:
            yield from _changed(f"{path}{slot.name}.", before, after)
        elif before != after and (was := text_of(old, slot)) != (is_ := text_of(new, slot)):
            yield f"{path}{slot.name}: {was or 'nothing'} -> {is_ or 'nothing'}"


def _blobs(values: Sequence[Value]) -> str:
    return " ".join(value.blob for value in values) or "nothing"


def _parameters(net: Resolved) -> int:
    return sum(count(o.weight.shape) for o in net.ownership.owned if o.weight.learnable)
