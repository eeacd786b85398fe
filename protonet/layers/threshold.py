"""Step function."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class ThresholdParameter(Message):
    """Parameters of Threshold."""

    threshold: Annotated[Float, Tag(1)] = 0.0


@register
class Threshold(Layer):
    """``y = 1`` where ``x > threshold``, else 0; there is no gradient.

    Any shape. Caffe: ``threshold_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    threshold_param: Annotated[ThresholdParameter, Tag(128)] = ThresholdParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.pointwise.Threshold(self.threshold_param.threshold)
