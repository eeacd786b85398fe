"""Other axes for the same values."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Int32, Message, Tag
from protonet.message.common import BlobShape
from protonet.shape import Shape, count


class ReshapeParameter(Message):
    """Parameters of Reshape."""

    shape: Annotated[BlobShape, Tag(1)] = BlobShape()
    axis: Annotated[Int32, Tag(2)] = 0
    num_axes: Annotated[Int32, Tag(3)] = -1


@register
class Reshape(Layer):
    """The ``num_axes`` axes from ``axis`` on (-1: all of them) replaced by ``shape``.

    In ``shape``, 0 copies the axis in its place, counted from ``axis``, and one -1 takes what is
    left. Caffe: ``reshape_layer.cpp``.

    Differs from other layers: ``axis`` -1 is behind the last axis, so that ``shape`` is appended;
    the last axis is -2.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    reshape_param: Annotated[ReshapeParameter, Tag(133)] = ReshapeParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        start, end = self._range(bottom)
        dims = self._copied(bottom, start)
        before, after = bottom[:start], bottom[end:]
        top = (*before, *self._inferred(dims, bottom, count(before) * count(after)), *after)
        if count(top) != count(bottom):
            raise LayerError(
                f"a bottom of shape {bottom} holds {count(bottom)} values, "
                f"but {top} holds {count(top)}",
                field=("reshape_param", "shape"),
            )
        return (top,)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._range(bottoms[0])[0] > 0 or self.reshape_param.shape.dim[:1] == (0,)

    def build(self, *bottoms: Shape) -> "nn.Module":
        start, end = self._range(bottoms[0])
        return ops.reshaping.Reshape(
            start=start, after=len(bottoms[0]) - end, dims=self.reshape_param.shape.dim
        )

    def _range(self, bottom: Shape) -> tuple[int, int]:
        p, axes = self.reshape_param, len(bottom)
        start = p.axis if p.axis >= 0 else axes + p.axis + 1
        if not 0 <= start <= axes:
            raise LayerError(
                f"axis {p.axis} is out of range for a bottom of shape {bottom}",
                field=("reshape_param", "axis"),
            )
        end = axes if p.num_axes == -1 else start + p.num_axes
        if not start <= end <= axes:
            raise LayerError(
                f"a bottom of shape {bottom} has no {p.num_axes} axes from axis {start} on",
                field=("reshape_param", "num_axes"),
            )
        return start, end

    def _copied(self, bottom: Shape, start: int) -> list[int]:
        """Return the new axes with each 0 replaced; one may be -1."""
        dims = list(self.reshape_param.shape.dim)
        for at, dim in enumerate(dims):
            field = ("reshape_param", "shape", "dim", at)
            if dim < -1:
                raise LayerError(f"an axis cannot have the extent {dim}", field=field)
            if dim == -1 and -1 in dims[:at]:
                raise LayerError("two axes are -1, but only one can take what is left", field=field)
            if dim == 0 and start + at >= len(bottom):
                raise LayerError(
                    f"0 copies axis {start + at}, which a bottom of shape {bottom} has not",
                    field=field,
                )
        return [bottom[start + at] if dim == 0 else dim for at, dim in enumerate(dims)]

    def _inferred(self, dims: list[int], bottom: Shape, kept: int) -> list[int]:
        """Return the new axes with -1 replaced by what is left of the bottom."""
        if -1 not in dims:
            return dims
        known = kept * count(dim for dim in dims if dim != -1)
        if not known or count(bottom) % known:
            raise LayerError(
                f"-1 cannot take what is left: the other axes hold {known} values, "
                f"and {count(bottom)} is no multiple of that",
                field=("reshape_param", "shape"),
            )
        return [count(bottom) // known if dim == -1 else dim for dim in dims]
