"""Which axes of a net's inputs an ONNX file leaves open, and what they are called."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from protonet.export.source.select import Part
from protonet.graph.ir import Node, Value
from protonet.shape import Shape

if TYPE_CHECKING:
    from protonet.layers.recurrent import LSTM, RNN

BATCH = "batch"
_STATES = {"LSTM": 2, "RNN": 1}
_OF_ITS_OWN = {("BatchReindex", 1), ("PSROIPooling", 1), ("ROIPooling", 1)}
"""Bottoms whose axis 0 counts something else than images."""
_ONCE = {("DetectionOutput", 2)}
"""Bottoms that are the same for all images."""


class Axis(NamedTuple):
    """An axis of any extent."""

    at: int
    name: str


def open_axes(part: Part, shapes: Mapping[Value, Shape]) -> dict[str, Axis]:
    """Return the axis of each input, by its blob, that may have any extent.

    It is the first, for what recurrent layers take step by step the second. Inputs whose batch is
    not that of the first one have none.
    """
    readers: defaultdict[Value, list[tuple[Node, int]]] = defaultdict(list)
    for node in part.nodes:
        for at, bottom in enumerate(node.bottoms):
            readers[bottom].append((node, at))
    found = {value: _axis(value, readers) for value in part.inputs}
    axes = {value: axis for value, axis in found.items() if axis and len(shapes[value]) > axis.at}
    extents = {value: shapes[value][axis.at] for value, axis in axes.items()}
    batch = next((e for value, e in extents.items() if axes[value].name == BATCH), 0)
    return {
        value.blob: axes[value]
        for value, extent in extents.items()
        if axes[value].name != BATCH or extent == batch
    }


def _axis(value: Value, readers: Mapping[Value, list[tuple[Node, int]]]) -> Axis | None:
    """Look for the first layer behind an input that has its batch elsewhere."""
    seen, waiting = {value}, [value]
    for one in waiting:
        for node, at in readers.get(one, ()):
            if (node.type, at) in _OF_ITS_OWN:
                return Axis(0, value.blob)
            if (node.type, at) in _ONCE:
                return None
            if node.type == "LSTMUnit" or (node.type in _STATES and not _is_static(node, at)):
                return Axis(1, BATCH)
            if node.type not in _STATES and node.type != "PriorBox":  # boxes are of no image
                waiting += [top for top in node.tops if top not in seen]
                seen.update(node.tops)
    return Axis(0, BATCH)


def _is_static(node: Node, at: int) -> bool:
    """Tell whether a bottom of a recurrent layer is ``x_static``, ``(N, ...)``."""
    p = cast("LSTM | RNN", node.layer).recurrent_param  # the type says so
    exposed = _STATES[node.type] if p.expose_hidden else 0
    return at == 2 and len(node.bottoms) > 2 + exposed  # noqa: PLR2004 # behind x and cont
