"""A reader for blobs that nobody reads."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, between, exactly, register
from protonet.shape import Shape


@register
class Silence(Layer):
    """Takes blobs, so that they are no outputs of the net; gives nothing.

    Caffe: ``silence_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(1, None)
    tops: ClassVar[Arity] = exactly(0)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return ()

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Silence()
