"""Concatenation."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, between, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.shape import Shape


class ConcatParameter(Message):
    """Parameters of Concat; ``concat_dim`` is the older name of ``axis``."""

    axis: Annotated[Int32, Tag(2)] = 1
    concat_dim: Annotated[UInt32, Tag(1)] = 1


@register
class Concat(Layer):
    """The bottoms one after the other along ``axis``; their other axes must be equal.

    Caffe: ``concat_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(1, None)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    concat_param: Annotated[ConcatParameter, Tag(104)] = ConcatParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        first = bottoms[0]
        axis = self._axis(first)
        for at, bottom in enumerate(bottoms):
            same_axes = len(bottom) == len(first)
            if not same_axes or any(bottom[i] != first[i] for i in range(len(first)) if i != axis):
                raise LayerError(
                    f"bottom {at} of shape {bottom} and bottom 0 of shape {first} "
                    f"differ elsewhere than in axis {axis}"
                )
        return ((*first[:axis], sum(bottom[axis] for bottom in bottoms), *first[axis + 1 :]),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Concat(self._axis(bottoms[0]))

    def _axis(self, bottom: Shape) -> int:
        p = self.concat_param
        if not p.has("concat_dim"):
            return axis_of(p.axis, bottom, "concat_param", "axis")
        if p.has("axis"):
            raise LayerError(
                "`axis` and `concat_dim` are both set",
                help="keep `axis`",
                field=("concat_param", "concat_dim"),
            )
        return axis_of(p.concat_dim, bottom, "concat_param", "concat_dim")
