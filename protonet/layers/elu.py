"""Exponential linear unit."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class ELUParameter(Message):
    """Parameters of ELU."""

    alpha: Annotated[Float, Tag(1)] = 1.0


@register
class ELU(Layer):
    """``y = x`` where ``x > 0``, else ``alpha (exp(x) - 1)``.

    Any shape. Clevert et al., arXiv:1511.07289. Caffe: ``elu_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    elu_param: Annotated[ELUParameter, Tag(140)] = ELUParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.ELU(self.elu_param.alpha)
