"""Shapes of a whole net, without torch: the public ``protonet.infer_shapes``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from protonet.graph.build import build
from protonet.graph.infer import infer
from protonet.graph.ir import Node
from protonet.graph.rules import merged
from protonet.graph.share import own
from protonet.layers.base import LayerError
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.spec import dialect as dialects
from protonet.spec.net import NetParameter
from protonet.spec.read import read_net


@dataclass(frozen=True, slots=True)
class NetShapes:
    """Shapes of a net.

    Attributes:
        blobs: Every blob that the file names.
        params: The blobs of every layer that has some, in Caffe's order.
        outputs: Names of the blobs that no layer reads, sorted.
    """

    blobs: Mapping[str, Shape]
    params: Mapping[str, Sequence[Shape]]
    outputs: tuple[str, ...]


def infer_shapes(
    spec: str | Path | NetParameter,
    phase: Phase | str = Phase.TEST,
    inputs: Mapping[str, Shape] | None = None,
    *,
    stages: Sequence[str] = (),
    level: int | None = None,
    dialect: str | None = None,
) -> NetShapes:
    """Infer all shapes of a net; no data, mean or weight file is opened.

    Args:
        spec: A path, the text of a net, or a message.
        phase: ``"TRAIN"`` or ``"TEST"``.
        inputs: Shapes of blobs that stand instead of what the file says, as
            ``{"data": (1, 3, 224, 224)}``; a layer all of whose tops are here is an input.
        stages: Stages for the layers' rules.
        level: Level for the layers' rules.
        dialect: The fork of Caffe that the file was written for, where a layer's meaning depends on
            it; if not given, its fields decide.

    Raises:
        DiagnosticError: The file is at fault, or a shape is known only to the data.
    """
    file, _ = dialects.resolve(read_net(spec, inputs or ()), dialect)
    phase = Phase[phase] if isinstance(phase, str) else phase
    state = merged(file.message.state, phase, level=level, stages=tuple(stages))
    graph = build(file, state, inputs or ())
    shapes = infer(graph, declared_shapes, inputs)
    own(graph, shapes)
    return NetShapes(
        blobs={blob: shapes.values[value] for blob, value in graph.values.items()},
        params={
            node.name: [weight.shape for weight in shapes.weights[node.key]]
            for node in reversed(graph.nodes)  # of a repeated name, the first layer counts
            if node.key in shapes.weights
        },
        outputs=tuple(value.blob for value in graph.outputs),
    )


def declared_shapes(node: Node) -> tuple[Shape, ...]:
    """Return the tops of a data layer that says its shapes itself (DummyData, MemoryData).

    Raises:
        LayerError: Only the data knows.
    """
    try:
        return node.layer.infer()
    except LayerError as error:
        blobs = ", ".join(f'"{top.blob}": (...)' for top in node.tops)
        raise LayerError(error.message, help=error.help or f"give `inputs={{{blobs}}}`") from None
