"""Signed square root."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.shape import Shape


@register
class SignedSqrt(Layer):
    """``y = sign(x) sqrt(|x|)``.

    Any shape. From the compact bilinear fork: ``signed_sqrt_layer.cpp``.

    Differs from the derivative: backward is ``0.5 / (|y| + 0.03)``, which is finite at 0.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.bilinear.SignedSqrt()
