"""Logistic function."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.message.base import Message, Tag
from protonet.shape import Shape


class SigmoidParameter(Message):
    """Parameters of Sigmoid."""

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    engine: Annotated[Engine, Tag(1)] = Engine.DEFAULT


@register
class Sigmoid(Layer):
    """``y = 1 / (1 + exp(-x))``.

    Any shape. Caffe: ``sigmoid_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    sigmoid_param: Annotated[SigmoidParameter, Tag(124)] = SigmoidParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.Sigmoid()
