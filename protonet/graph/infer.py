"""Shapes of all values and weights of a graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.graph.ir import Graph, Node, Value
from protonet.layers.base import Layer, LayerError, Weight
from protonet.message.base import Message
from protonet.message.common import FillerParameter
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
    shapes, problems = attempt(graph, sources, inputs)
    if problems:
        raise DiagnosticError(problems)
    return shapes


def attempt(
    graph: Graph,
    sources: SourceShapes,
    inputs: Mapping[str, Shape] | None = None,
    guess: Callable[[Node], tuple[Shape, ...] | None] = lambda _: None,
) -> tuple[Shapes, list[Diagnostic]]:
    """Infer what shapes can be inferred, and say what is wrong; see `infer`.

    Args:
        graph: The net.
        sources: Asked for the tops of data layers.
        inputs: Shapes that stand instead of what the file says.
        guess: Asked for the tops of a data layer whose data are at fault; None leaves out all that
            depends on it. What does not fit a guess is not told.
    """
    inference = _Inference(graph, sources, inputs or {}, guess)
    for node in graph.nodes:
        inference.add(node)
    return Shapes(inference.values, inference.weights), inference.problems


@dataclass
class _Inference:
    """What is known while nodes are looked at in order."""

    graph: Graph
    sources: SourceShapes
    inputs: Mapping[str, Shape]
    guess: Callable[[Node], tuple[Shape, ...] | None]
    values: dict[Value, Shape] = field(default_factory=dict[Value, Shape])
    weights: dict[str, tuple[Weight, ...]] = field(default_factory=dict[str, tuple[Weight, ...]])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])
    guessed: set[Value] = field(default_factory=set[Value])

    def add(self, node: Node) -> None:
        bottoms = tuple(self.values[value] for value in node.bottoms if value in self.values)
        if len(bottoms) < len(node.bottoms):  # follows a bad layer: one mistake, one message
            return
        try:
            tops, kept = self._shapes(node, bottoms)
        except LayerError as error:
            if self.guessed.isdisjoint(node.bottoms):
                self.problems.append(_diagnostic(self.graph, node, error, bottoms))
            return
        except DiagnosticError as error:
            self.problems += (_of_source(self.graph, node, each) for each in error.diagnostics)
            self.values |= zip(node.tops, self.guess(node) or (), strict=False)
            self.guessed.update(node.tops)
            return
        self.values |= zip(node.tops, tops, strict=True)
        if kept:
            self.weights[node.key] = kept
        if self.guessed and not self.guessed.isdisjoint(node.bottoms):
            self.guessed.update(node.tops)

    def _shapes(
        self, node: Node, bottoms: tuple[Shape, ...]
    ) -> tuple[tuple[Shape, ...], tuple[Weight, ...]]:
        """Return the shapes of a node's tops, and its blobs; both states of a file share them."""
        known, key = self.graph.file.known, (id(node.layer), bottoms)
        if key in known:
            return known[key]
        tops = _tops(node, bottoms, self.sources, self.inputs)
        kept = node.layer.weights(*bottoms)
        for weight in kept:
            check_filler(weight, *_field_of(node.layer, weight.filler))
        if bottoms and node.type != "Python":  # whose code may do what it likes
            known[key] = tops, kept
        return tops, kept


def _field_of(layer: Layer, filler: FillerParameter) -> tuple[str, ...]:
    """Return the path below a layer of the field that holds a filler; empty for a default."""
    for name in layer.model_fields_set:
        message: object = getattr(layer, name)
        if isinstance(message, Message):
            for field in message.model_fields_set:
                if getattr(message, field) is filler:
                    return name, field
    return ()


def _tops(
    node: Node, bottoms: tuple[Shape, ...], sources: SourceShapes, inputs: Mapping[str, Shape]
) -> tuple[Shape, ...]:
    if node.tops and all(top.blob in inputs for top in node.tops):
        return tuple(tuple(inputs[top.blob]) for top in node.tops)
    if node.layer.is_source and node.type != "Input":
        return sources(node)
    return node.layer.infer(*bottoms)


def _diagnostic(
    graph: Graph, node: Node, error: LayerError, bottoms: tuple[Shape, ...]
) -> Diagnostic:
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
