"""Absolute value."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.shape import Shape


@register
class AbsVal(Layer):
    """``y = |x|``; the gradient at 0 is 0.

    Any shape, not in place. Caffe: ``absval_layer.cpp``.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.pointwise.AbsVal()
