"""Which part of a net goes into its source: what a deploy net would have."""

from collections.abc import Sequence
from dataclasses import dataclass

from protonet.graph.ir import Graph, Node, Value

DROPPED = frozenset({"Accuracy", "HDF5Output", "Silence"})
"""They judge, write or end what others make; losses are left out as well."""


@dataclass(frozen=True, slots=True)
class Part:
    """Layers to write, in order; values that are given and that are returned."""

    nodes: tuple[Node, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def select(graph: Graph) -> Part:
    """Leave out losses and accuracies, and what only they need.

    What a loss is computed from becomes an output, its label does not.
    """
    left, outputs = _without_judges(graph)
    given = {top for node in left if node.layer.is_source for top in node.tops}
    made = [value for value in outputs if value not in given] or outputs
    returned = tuple(sorted(dict.fromkeys(made), key=lambda value: value.blob))
    nodes = _needed(left, returned)
    needed = {value for node in nodes for value in node.bottoms} | set(returned)
    inputs = tuple(top for node in nodes if node.layer.is_source for top in node.tops)
    return Part(
        tuple(node for node in nodes if not node.layer.is_source),
        tuple(value for value in inputs if value in needed),
        returned,
    )


def _without_judges(graph: Graph) -> tuple[list[Node], list[Value]]:
    """Return the layers that stay, and what they give that is read no more."""
    left, gone, outputs = list[Node](), set[Value](), list(graph.outputs)
    for node in graph.nodes:
        if not (node.layer.is_loss or node.type in DROPPED or gone.intersection(node.bottoms)):
            left.append(node)
            continue
        gone.update(node.tops)
        if node.layer.is_loss:
            outputs += _judged(node)
    return left, [value for value in outputs if value not in gone]


def _judged(node: Node) -> list[Value]:
    """Return the bottoms of a loss that it has a gradient for."""
    fixed = node.layer.no_gradient_to
    return [value for at, value in enumerate(node.bottoms) if at not in fixed]


def _needed(nodes: Sequence[Node], outputs: Sequence[Value]) -> list[Node]:
    values, kept = set(outputs), list[Node]()
    for node in reversed(nodes):
        if values.intersection(node.tops):
            values.update(node.bottoms)
            kept.append(node)
    return kept[::-1]
