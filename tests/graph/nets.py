"""Small nets as text, and the stages up to the graph in one call."""

from collections.abc import Sequence

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.graph.build import build
from protonet.graph.infer import Shapes, infer
from protonet.graph.ir import Graph
from protonet.graph.rules import merged
from protonet.graph.shapes import declared_shapes
from protonet.graph.share import Ownership, own
from protonet.message.common import Phase
from protonet.spec.read import read_net


def graph_of(text: str, phase: Phase = Phase.TEST, stages: Sequence[str] = ()) -> Graph:
    """Build the graph of a net's text."""
    file = read_net(f"{text}\n")
    return build(file, merged(file.message.state, phase, stages=tuple(stages)))


def shapes_of(text: str, phase: Phase = Phase.TEST) -> tuple[Graph, Shapes]:
    """Build a graph and infer its shapes."""
    graph = graph_of(text, phase)
    return graph, infer(graph, declared_shapes)


def ownership_of(text: str) -> Ownership:
    """Build a graph and give its blobs owners."""
    graph, shapes = shapes_of(text)
    return own(graph, shapes)


def problems(text: str, stage: object = shapes_of) -> list[str]:
    """Return ``CODE line:column message`` of all problems that a stage finds."""
    assert callable(stage)
    with pytest.raises(DiagnosticError) as caught:
        stage(text)
    return [
        f"{d.code} {str(d.labels[0].span).removeprefix('<text>:') if d.labels else ''} {d.message}"
        for d in caught.value.diagnostics
    ]


def helps(text: str, stage: object = shapes_of) -> list[str]:
    """Return the helps of all problems that a stage finds."""
    assert callable(stage)
    with pytest.raises(DiagnosticError) as caught:
        stage(text)
    return [d.help for d in caught.value.diagnostics]


INPUT = (
    'layer { name: "in" type: "Input" top: "x" '
    "input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n"
)
