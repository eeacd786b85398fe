"""Flattening."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, axis_of, register
from protonet.message.base import Int32, Message, Tag
from protonet.shape import Shape, count


class FlattenParameter(Message):
    """Parameters of Flatten."""

    axis: Annotated[Int32, Tag(1)] = 1
    end_axis: Annotated[Int32, Tag(2)] = -1


@register
class Flatten(Layer):
    """The axes ``axis`` to ``end_axis``, the last one included, as one.

    ``(N, C, H, W)`` -> ``(N, C H W)``. If ``end_axis`` is the one before ``axis``, an axis of 1 is
    put in. Caffe: ``flatten_layer.cpp``.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    flatten_param: Annotated[FlattenParameter, Tag(135)] = FlattenParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        axis, end_axis = self._axes(bottom)
        if axis > end_axis + 1:
            raise LayerError(
                f"`axis` {axis} comes after `end_axis` {end_axis}", field=("flatten_param", "axis")
            )
        return ((*bottom[:axis], count(bottom[axis : end_axis + 1]), *bottom[end_axis + 1 :]),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axes(bottoms[0])[0] > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        axis, end_axis = self._axes(bottoms[0])
        return ops.reshaping.Flatten(axis=axis, end_axis=end_axis)

    def _axes(self, bottom: Shape) -> tuple[int, int]:
        p = self.flatten_param
        return (
            axis_of(p.axis, bottom, "flatten_param", "axis"),
            axis_of(p.end_axis, bottom, "flatten_param", "end_axis"),
        )
