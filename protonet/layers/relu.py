"""Rectified linear unit."""

from typing import Annotated, ClassVar

from protonet.layers._relu import ReLUParameter
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Tag
from protonet.shape import Shape


@register
class ReLU(Layer):
    """``y = max(x, 0) + negative_slope * min(x, 0)``; the gradient at 0 is ``negative_slope``.

    Any shape. Nair and Hinton, ICML 2010. Caffe: ``relu_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    relu_param: Annotated[ReLUParameter, Tag(123)] = ReLUParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.ReLU(self.relu_param.negative_slope)
