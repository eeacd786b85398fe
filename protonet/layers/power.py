"""Power, scale and shift."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class PowerParameter(Message):
    """Parameters of Power."""

    power: Annotated[Float, Tag(1)] = 1.0
    scale: Annotated[Float, Tag(2)] = 1.0
    shift: Annotated[Float, Tag(3)] = 0.0


@register
class Power(Layer):
    """``y = (shift + scale x) ^ power``.

    Any shape. With ``power`` or ``scale`` 0 the top is a constant without gradient. A fractional
    power of a negative number is NaN. Caffe: ``power_layer.cpp``.

    Differs: where the base is 0, Caffe's gradient may be 0 / 0; here it is the limit.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    power_param: Annotated[PowerParameter, Tag(122)] = PowerParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.power_param
        return ops.pointwise.Power(p.power, p.scale, p.shift)
