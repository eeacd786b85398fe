"""A net in one state, as the lint rules look at it."""

from protonet.data.assume import assumed_tops
from protonet.data.resolve import Resolved
from protonet.data.shapes import source_shapes
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.graph.build import build
from protonet.graph.infer import attempt
from protonet.graph.ir import Node
from protonet.graph.share import own
from protonet.lint.scopes import View
from protonet.shape import Shape
from protonet.spec.net import NetState
from protonet.spec.read import NetFile


def look(
    file: NetFile, state: NetState, *, loads: bool = False
) -> tuple[View | None, tuple[Diagnostic, ...]]:
    """Return a net in one state for the rules to look at, and what is wrong with it.

    Data that cannot be read do not end it: their shapes are guessed. What then does not fit may be
    the guess's fault, and is not reported.

    Args:
        file: The net.
        state: Its state.
        loads: Whether weights are loaded into it.
    """

    def sources(node: Node) -> tuple[Shape, ...]:
        tops = [top.blob for top in node.tops]
        return source_shapes(node.layer, tops, file.folder, node.phase)

    def guess(node: Node) -> tuple[Shape, ...] | None:
        return assumed_tops(node.layer, len(node.tops))

    try:
        graph = build(file, state)
        shapes, problems = attempt(graph, sources, guess=guess)
        if len(shapes.values) < sum(len(node.tops) for node in graph.nodes):
            return None, tuple(problems)
        resolved = Resolved(graph, shapes, own(graph, shapes))
        return View(resolved, loads=loads), tuple(problems)
    except DiagnosticError as error:
        return None, error.diagnostics
