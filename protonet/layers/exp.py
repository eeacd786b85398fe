"""Exponential."""

from typing import Annotated, ClassVar

from protonet.layers._logarithm import log_of_base
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class ExpParameter(Message):
    """Parameters of Exp."""

    base: Annotated[Float, Tag(1)] = -1.0
    scale: Annotated[Float, Tag(2)] = 1.0
    shift: Annotated[Float, Tag(3)] = 0.0


@register
class Exp(Layer):
    """``y = base ^ (shift + scale x)``; ``base: -1`` is e.

    Any shape. Caffe: ``exp_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    exp_param: Annotated[ExpParameter, Tag(111)] = ExpParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        log_of_base(self.exp_param.base, "exp_param")
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.exp_param
        factor = log_of_base(p.base, "exp_param")
        return ops.pointwise.Exp(factor * p.scale, factor * p.shift)
