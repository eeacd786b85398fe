"""Swish, or with its default SiLU."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class SwishParameter(Message):
    """Parameters of Swish."""

    beta: Annotated[Float, Tag(1)] = 1.0


@register
class Swish(Layer):
    """``y = x sigmoid(beta x)``.

    Any shape. Ramachandran et al., arXiv:1710.05941. Caffe: ``swish_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    swish_param: Annotated[SwishParameter, Tag(147)] = SwishParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.Swish(self.swish_param.beta)
