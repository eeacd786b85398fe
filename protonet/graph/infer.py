"""Shapes of all values and weights of a graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.graph.ir import Graph, Node, Value
from protonet.layers.base import LayerError, Weight
from protonet.shape import Shape
from protonet.spec.filler import check_filler

SourceShapes = Callable[[Node], tuple[Shape, ...]]
"""Asks a data layer's source for the shapes of its tops."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What `infer` found.

    Attributes:
        values: The shape of every value.
        weights: The blobs of every layer that has some, by the node's key.
    """

    values: Mapping[Value, Shape]
    weights: Mapping[str, tuple[Weight, ...]]

    def bottoms(self, node: Node) -> tuple[Shape, ...]:
        """Return the shapes of a node's bottoms."""
        return tuple(self.values[value] for value in node.bottoms)


def infer(
    graph: Graph,
    sources: SourceShapes,
    inputs: Mapping[str, Shape] | None = None,
) -> Shapes:
    """Infer the shapes of a graph.

    Args:
        graph: The net.
        sources: Asked for the tops of data layers.
        inputs: Shapes of blobs that stand instead of what the file says: a layer all of whose tops
            are here is an input, of whatever type it is.

    Raises:
        DiagnosticError: PN301, one for each layer that cannot work with its bottoms, and what is
            wrong with the data; a layer below a faulty one is not asked.
    """
    values: dict[Value, Shape] = {}
    weights: dict[str, tuple[Weight, ...]] = {}
    problems: list[Diagnostic] = []
    for node in graph.nodes:
        bottoms = [values[value] for value in node.bottoms if value in values]
        if len(bottoms) < len(node.bottoms):  # follows a bad layer: one mistake, one message
            continue
        try:
            tops = _tops(node, bottoms, sources, inputs or {})
            kept = node.layer.weights(*bottoms)
            for weight in kept:
                check_filler(weight)
        except LayerError as error:
            problems.append(_diagnostic(graph, node, error, bottoms))
            continue
        except DiagnosticError as error:
            problems += (_of_source(graph, node, diagnostic) for diagnostic in error.diagnostics)
            continue
        values |= zip(node.tops, tops, strict=True)
        if kept:
            weights[node.key] = kept
    if problems:
        raise DiagnosticError(problems)
    return Shapes(values, weights)


def _tops(
    node: Node, bottoms: list[Shape], sources: SourceShapes, inputs: Mapping[str, Shape]
) -> tuple[Shape, ...]:
    if node.tops and all(top.blob in inputs for top in node.tops):
        return tuple(tuple(inputs[top.blob]) for top in node.tops)
    if node.layer.is_source and node.type != "Input":
        return sources(node)
    return node.layer.infer(*bottoms)


def _diagnostic(graph: Graph, node: Node, error: LayerError, bottoms: list[Shape]) -> Diagnostic:
    seen = ", ".join(
        f"`{value.blob}` is {shape}" for value, shape in zip(node.bottoms, bottoms, strict=True)
    )
    return Diagnostic(
        "PN301",
        f"layer `{node.name}`: {error.message}",
        (Label(graph.place(node, *(error.field or ("type",))), seen),),
        error.help,
    )


def _of_source(graph: Graph, node: Node, diagnostic: Diagnostic) -> Diagnostic:
    """Say which layer a fault of the data is about, if it does not say so itself."""
    label = Label(graph.place(node, "name"), f"needed by layer `{node.name}`")
    return replace(diagnostic, labels=diagnostic.labels or (label,))
