"""Softmax."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, axis_of, register
from protonet.message.base import Tag
from protonet.message.common import SoftmaxParameter
from protonet.shape import Shape


@register
class Softmax(Layer):
    """``y = exp(x) / sum exp(x)`` along ``axis``; the maximum is subtracted first.

    Any shape that has the axis. Caffe: ``softmax_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False

    softmax_param: Annotated[SoftmaxParameter, Tag(125)] = SoftmaxParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._axis(bottoms[0])
        return bottoms

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Softmax(self._axis(bottoms[0]))

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.softmax_param.axis, bottom, "softmax_param", "axis")
