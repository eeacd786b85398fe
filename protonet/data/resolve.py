"""All that is known of a net without torch, in one call: its graph, shapes and blobs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protonet.data.shapes import ReadShapes, source_shapes
from protonet.graph.build import build
from protonet.graph.infer import Shapes, infer
from protonet.graph.ir import Graph, Node
from protonet.graph.share import Ownership, own
from protonet.shape import Shape
from protonet.spec.dialect import resolve
from protonet.spec.net import NetState
from protonet.spec.read import NetFile

if TYPE_CHECKING:
    from protonet.data.samples import GivenData


@dataclass(frozen=True, slots=True)
class Resolved:
    """A net in one state: which layers take part, all shapes, who owns which blob."""

    graph: Graph
    shapes: Shapes
    ownership: Ownership
    given: "tuple[GivenData, ...]" = ()


def resolve_net(
    file: NetFile,
    state: NetState,
    dialect: str | None = None,
    given: "Callable[[Graph], tuple[GivenData, ...]]" = lambda _: (),
    read: ReadShapes = source_shapes,
) -> Resolved:
    """Build the graph of a net, infer its shapes and give every blob an owner.

    The first record of each data layer's source is looked at.

    Args:
        file: The net.
        state: Phase, level and stages that the layers' rules ask for.
        dialect: The fork of Caffe that it was written for, if that is known.
        given: Tells which layers a program feeds, in place of their sources.
        read: Gives the shapes of the tops of a data layer.

    Raises:
        DiagnosticError: What the first stage that finds problems found: PN2xx; PN301 and PN5xx.
    """

    def sources(node: Node) -> tuple[Shape, ...]:
        tops = [top.blob for top in node.tops]
        return known.get(node.key) or read(node.layer, tops, file.folder, node.phase)

    graph = build(file if file.dialects else resolve(file, dialect)[0], state)
    groups = given(graph)
    known = {key: shapes for group in groups for key, shapes in group.by_node().items()}
    shapes = infer(graph, sources)
    return Resolved(graph, shapes, own(graph, shapes), groups)
