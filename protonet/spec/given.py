"""Layers whose tops the caller gives: of such a layer only its names and rules count."""

from collections.abc import Collection
from dataclasses import replace

from protonet.message.base import declared_slots
from protonet.spec.change import in_blocks, values
from protonet.spec.net import LayerParameter
from protonet.syntax.tree import Block, Tree

_LAYERS = frozenset({"layer", "layers"})


def without_messages(tree: Tree, given: Collection[str]) -> Tree:
    """Return a net whose layers without bottoms that make only given blobs say nothing else.

    Args:
        tree: A net of any generation.
        given: Blobs by name.
    """

    def bare(layer: Block) -> Block:
        tops = [value for value, _ in values(layer, "top")]
        if not tops or any(layer.all("bottom")) or any(top not in given for top in tops):
            return layer
        return layer._replace(
            fields=tuple(
                one._replace(value=in_blocks(one.value, _named)) if one.name == "layer" else one
                for one in layer.fields
                if one.name == "layer" or one.name in declared_slots(LayerParameter)
            )
        )

    fields = tuple(
        one._replace(value=in_blocks(one.value, bare)) if one.name in _LAYERS else one
        for one in tree.root.fields
    )
    return replace(tree, root=tree.root._replace(fields=fields))


def _named(layer: Block) -> Block:
    """Return the layer within one of V0's, whose types are few."""
    fields = (one._replace(value="data") if one.name == "type" else one for one in layer.fields)
    return layer._replace(fields=tuple(one for one in fields if one.name in ("name", "type")))
