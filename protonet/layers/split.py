"""One blob for several readers."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, between, register
from protonet.shape import Shape


@register
class Split(Layer):
    """Its bottom as every top; the gradients add up. Caffe: ``split_layer.cpp``.

    Rarely written: a blob may have several readers without it.
    """

    tops: ClassVar[Arity] = between(1, None)
    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms * self.top_count

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Split(self.top_count)
