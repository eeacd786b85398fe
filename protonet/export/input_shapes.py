"""The shape of one image, as the data of a net or the fields of a data layer tell it."""

from pathlib import Path
from typing import NamedTuple

from protonet.data.shapes import source_shapes
from protonet.diagnostics import DiagnosticError
from protonet.graph.ir import Node
from protonet.layers.base import Layer, LayerError
from protonet.message.common import TransformationParameter
from protonet.shape import Shape

_COLORS = 3


class InputShape(NamedTuple):
    """The shape of an input for one image, and how it is known."""

    shape: Shape
    why: str


class UnknownShapeError(Exception):
    """Nothing tells the shape; ``str()`` is the reason."""


def input_shape(node: Node, top: int, folder: Path | None) -> InputShape:
    """Return the shape of a top of a data layer, for one image.

    Args:
        node: The data layer.
        top: Which of its tops.
        folder: That of the net: what it names is looked for there, too.

    Raises:
        UnknownShapeError: Neither the data are there nor does a field tell it.
    """
    try:
        shapes = source_shapes(node.layer, [value.blob for value in node.tops], folder)
    except (DiagnosticError, LayerError):
        return _told(node.layer, top)
    return InputShape((1, *shapes[top][1:]), "as its data are")


def _told(layer: Layer, top: int) -> InputShape:
    if top:
        raise UnknownShapeError("its data cannot be read")
    transform = getattr(layer, "transform_param", None)
    if isinstance(transform, TransformationParameter) and transform.crop_size:
        size = transform.crop_size
        return InputShape((1, _channels(transform), size, size), "its `crop_size`")
    images = getattr(layer, "image_data_param", None)
    if images is not None and images.new_height and images.new_width:
        channels = _COLORS if images.is_color else 1
        return InputShape((1, channels, images.new_height, images.new_width), "its `new_height`")
    raise UnknownShapeError("its data cannot be read, and it has no `crop_size`")


def _channels(transform: TransformationParameter) -> int:
    if transform.force_gray:
        return 1
    means = len(transform.mean_value)
    return means if means > 1 else _COLORS
