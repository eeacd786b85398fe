"""Which layers a backward pass reaches (``net.cpp``, Init: need_backward)."""

from protonet.graph.ir import Graph, Node, Value
from protonet.graph.share import Ownership


def reached(graph: Graph, ownership: Ownership) -> frozenset[str]:
    """Return the keys of the layers that a backward pass runs through.

    A layer is reached if it learns, or reads what a reached layer makes, and if it leads to a loss.
    """
    learning: set[Value] = set()
    keys: set[str] = set()
    for node in graph.nodes:
        if graph.force_backward or _learns(node, ownership) or _reads(node, learning):
            keys.add(node.key)
            learning.update(node.tops)
    leading: set[Value] = {value for value, _ in graph.losses()}
    for node in reversed(graph.nodes):
        if leading.isdisjoint(node.tops):
            keys.discard(node.key)
        else:
            leading.update(
                value for at, value in enumerate(node.bottoms) if not node.blocks_gradient(at)
            )
    return frozenset(keys)


def _learns(node: Node, ownership: Ownership) -> bool:
    return any(owned.lr_mult for owned in ownership.slots.get(node.key, ()))


def _reads(node: Node, learning: set[Value]) -> bool:
    return any(
        value in learning and not node.blocks_gradient(at) and at not in node.layer.no_gradient_to
        for at, value in enumerate(node.bottoms)
    )
