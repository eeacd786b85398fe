"""Hyperbolic tangent."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Message, Tag
from protonet.shape import Shape


class TanHParameter(Message):
    """Parameters of TanH."""

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    engine: Annotated[Engine, Tag(1)] = Engine.DEFAULT


@register
class TanH(Layer):
    """``y = tanh(x)``.

    Any shape. Caffe: ``tanh_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    tanh_param: Annotated[TanHParameter, Tag(127)] = TanHParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.TanH()
