"""All that is known of a net without torch, in one call: its graph, shapes and blobs."""

from dataclasses import dataclass

from protonet.data.shapes import source_shapes
from protonet.graph.build import build
from protonet.graph.infer import Shapes, infer
from protonet.graph.ir import Graph, Node
from protonet.graph.share import Ownership, own
from protonet.shape import Shape
from protonet.spec.dialect import resolve
from protonet.spec.net import NetState
from protonet.spec.read import NetFile


@dataclass(frozen=True, slots=True)
class Resolved:
    """A net in one state: which layers take part, all shapes, who owns which blob."""

    graph: Graph
    shapes: Shapes
    ownership: Ownership


def resolve_net(file: NetFile, state: NetState, dialect: str | None = None) -> Resolved:
    """Build the graph of a net, infer its shapes and give every blob an owner.

    The first record of each data layer's source is looked at.

    Args:
        file: The net.
        state: Phase, level and stages that the layers' rules ask for.
        dialect: The fork of Caffe that it was written for, if that is known.

    Raises:
        DiagnosticError: What the first stage that finds problems found: PN2xx; PN301 and PN5xx.
    """

    def sources(node: Node) -> tuple[Shape, ...]:
        return source_shapes(node.layer, [top.blob for top in node.tops], file.folder)

    graph = build(file if file.dialects else resolve(file, dialect)[0], state)
    shapes = infer(graph, sources)
    return Resolved(graph, shapes, own(graph, shapes))
