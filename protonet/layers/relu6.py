"""Rectified linear unit with a ceiling."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class ReLU6Parameter(Message):
    """Parameters of ReLU6."""

    negative_slope: Annotated[Float, Tag(1)] = 0.0


@register
class ReLU6(Layer):
    """``y = min(max(x, 0) + negative_slope * min(x, 0), 6)``; the gradient at 6 is 0.

    Any shape. Howard et al., arXiv:1704.04861. Caffe forks: ``relu6_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    relu6_param: Annotated[ReLU6Parameter, Tag(208)] = ReLU6Parameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.ReLU6(self.relu6_param.negative_slope)
