"""Binomial normal log likelihood, or softplus."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.shape import Shape


@register
class BNLL(Layer):
    """``y = log(1 + exp(x))``.

    Any shape. Caffe: ``bnll_layer.cpp``.

    Differs: in place, Caffe takes the gradient at ``y``; here it is right.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.BNLL()
