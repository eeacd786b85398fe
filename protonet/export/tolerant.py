"""Nets that a form can be made of although some of their layers cannot be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.message.bind import attempt, faults
from protonet.message.lenient import readable_part
from protonet.spec.foreign import FOREIGN
from protonet.spec.net import LayerParameter, NetParameter
from protonet.spec.read import NetFile, bind_net
from protonet.syntax.tree import Block, Field, Tree


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A net, less what is wrong with messages of its layers.

    Attributes:
        file: The net.
        faults: What is wrong, by the index of the layer.
    """

    file: NetFile
    faults: Mapping[int, tuple[Diagnostic, ...]]


def read_tolerantly(tree: Tree) -> Tolerated:
    """Read a net in today's form; what is wrong with layers' messages is noted, and left out.

    Raises:
        DiagnosticError: Something else is wrong.
    """
    try:
        return Tolerated(NetFile(bind_net(tree), tree), {})
    except DiagnosticError:
        found: dict[int, tuple[Diagnostic, ...]] = {}
        root = tree.root._replace(fields=tuple(_layers(tree, found)))
        message = attempt(replace(tree, root=root), NetParameter)
        if message is None:
            raise
        return Tolerated(NetFile(message, tree), found)


def _layers(tree: Tree, found: dict[int, tuple[Diagnostic, ...]]) -> Iterator[Field]:
    """Yield the fields of the net, its layers less their faults."""
    index = 0
    for field in tree.root.fields:
        if field.name != "layer":
            yield field
            continue
        blocks = field.value if type(field.value) is tuple else (field.value,)
        for block in blocks:
            if isinstance(block, Block):
                yield field._replace(value=_layer(tree, block, index, found))
            else:
                yield field._replace(value=block)
            index += 1


def _layer(tree: Tree, block: Block, index: int, found: dict[int, tuple[Diagnostic, ...]]) -> Block:
    if attempt(tree, LayerParameter, block) is not None:
        return block
    found[index] = faults(tree, LayerParameter, block, FOREIGN).diagnostics
    # Its other fields say where it stands in the net.
    others = tuple(one for one in block.fields if not one.name.endswith("_param"))
    messages = tuple(one for one in block.fields if one.name.endswith("_param"))
    readable = readable_part(block._replace(fields=messages), LayerParameter)
    part = block._replace(fields=(*others, *readable.fields))
    if attempt(tree, LayerParameter, part) is not None:
        return part
    # A message lacks a field that it needs.
    return block._replace(fields=others)
