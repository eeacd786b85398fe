"""Logarithm."""

from typing import Annotated, ClassVar

from protonet.layers._logarithm import log_of_base
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class LogParameter(Message):
    """Parameters of Log."""

    base: Annotated[Float, Tag(1)] = -1.0
    scale: Annotated[Float, Tag(2)] = 1.0
    shift: Annotated[Float, Tag(3)] = 0.0


@register
class Log(Layer):
    """``y = log_base(shift + scale x)``; ``base: -1`` is e.

    Any shape. Caffe: ``log_layer.cpp``.

    Differs: in place, Caffe's gradient is wrong; here it is right.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    log_param: Annotated[LogParameter, Tag(134)] = LogParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        if log_of_base(self.log_param.base, "log_param") == 0:
            raise LayerError("`base` 1 has no logarithm", field=("log_param", "base"))
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.log_param
        return ops.pointwise.Log(1 / log_of_base(p.base, "log_param"), p.scale, p.shift)
