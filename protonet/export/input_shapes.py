"""The shape of one image, as the data of a net or the fields of a data layer tell it."""

from pathlib import Path
from typing import NamedTuple

from protonet.data.assume import assumed_image
from protonet.data.shapes import source_shapes
from protonet.diagnostics import DiagnosticError
from protonet.graph.ir import Node
from protonet.layers.base import Layer, LayerError
from protonet.shape import Shape


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
    image = assumed_image(layer)
    if image is None:
        raise UnknownShapeError("its data cannot be read, and it has no `crop_size`")
    transform = getattr(layer, "transform_param", None)
    field = "crop_size" if getattr(transform, "crop_size", 0) else "new_height"
    return InputShape((1, *image), f"its `{field}`")
