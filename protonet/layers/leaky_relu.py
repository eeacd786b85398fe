"""Rectified linear unit that leaks."""

from typing import Annotated, ClassVar

from protonet.layers._relu import ReLUParameter
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Tag
from protonet.shape import Shape

SLOPE = 0.01
"""The slope of Maas et al., and torch's."""


@register
class LeakyReLU(Layer):
    """``y = max(x, 0) + negative_slope * min(x, 0)``: ReLU whose slope is 0.01 unless given.

    Any shape. Maas et al., ICML 2013. Not in Caffe, whose ReLU with a ``negative_slope`` it is.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    relu_param: Annotated[ReLUParameter, Tag(123)] = ReLUParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.relu_param
        return ops.activation.ReLU(p.negative_slope if p.has("negative_slope") else SLOPE)
