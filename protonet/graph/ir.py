"""The graph of one net in one state.

A `Graph` holds a `Node` for each layer that takes part, in file order. A node reads and makes
`Value`s: definitions of blobs; an in-place layer makes a new one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from protonet.layers.base import Layer
from protonet.message.common import Phase
from protonet.source import Span
from protonet.spec.net import LayerParameter
from protonet.spec.read import NetFile


@dataclass(frozen=True, slots=True)
class Value:
    """The ``version``-th definition of a blob.

    A top that the file does not name has a blob name in brackets.
    """

    blob: str
    version: int = 0

    @property
    def is_automatic(self) -> bool:
        """Tell whether it is a loss that the file gives no top."""
        return self.blob.startswith("(")


@dataclass(frozen=True, slots=True)
class Node:
    """A layer in its net.

    Attributes:
        name: The layer's name; may repeat.
        key: A name that does not: a second `conv` is `conv#2`.
        type: The ``type`` of the file.
        layer: What it does.
        spec: What the file says of it.
        index: Which ``layer`` of the file it is, for places.
        bottoms: Values it reads.
        tops: Values it makes.
        loss_weights: What each top weighs in the objective.
        phase: How it behaves: the net's phase unless the layer has its own.
    """

    name: str
    key: str
    type: str
    layer: Layer
    spec: LayerParameter
    index: int
    bottoms: tuple[Value, ...]
    tops: tuple[Value, ...]
    loss_weights: tuple[float, ...]
    phase: Phase

    def blocks_gradient(self, bottom: int) -> bool:
        """Tell whether ``propagate_down: false`` stands for that bottom."""
        return bottom < len(self.spec.propagate_down) and not self.spec.propagate_down[bottom]


@dataclass(frozen=True)
class Graph:
    """The layers of a net that take part in one state, in file order."""

    name: str
    phase: Phase
    nodes: tuple[Node, ...]
    force_backward: bool
    file: NetFile

    @cached_property
    def inputs(self) -> tuple[Value, ...]:
        """What a caller gives: tops of Input layers, in file order."""
        return tuple(top for node in self.nodes if node.type == "Input" for top in node.tops)

    @cached_property
    def sources(self) -> tuple[Node, ...]:
        """The data layers, Input not among them."""
        return tuple(node for node in self.nodes if node.layer.is_source and node.type != "Input")

    @cached_property
    def consumed(self) -> frozenset[Value]:
        """Values that some layer reads."""
        return frozenset(bottom for node in self.nodes for bottom in node.bottoms)

    @cached_property
    def outputs(self) -> tuple[Value, ...]:
        """Values that no layer reads, by name (Caffe keeps them in a sorted set)."""
        tops = {top for node in self.nodes for top in node.tops if not top.is_automatic}
        return tuple(sorted(tops - self.consumed, key=lambda value: value.blob))

    @cached_property
    def values(self) -> dict[str, Value]:
        """The last definition of each blob, in order of the first."""
        return {top.blob: top for node in self.nodes for top in node.tops if not top.is_automatic}

    def losses(self) -> Iterator[tuple[Value, float]]:
        """Yield what the objective is the sum of: values and their weights."""
        for node in self.nodes:
            for top, weight in zip(node.tops, node.loss_weights, strict=True):
                if weight:
                    yield top, weight

    def place(self, node: Node, *path: str | int) -> Span:
        """Return where the file says something of a layer."""
        return self.file.tree.place("layer", node.index, *path)
