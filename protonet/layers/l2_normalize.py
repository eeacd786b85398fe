"""Samples of unit length."""

from typing import ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, register
from protonet.shape import Shape


@register
class L2Normalize(Layer):
    """``y = x / sqrt(sum x^2 + 1e-7)`` over each sample.

    ``(N, ...)`` -> ``(N, C, H, W)``: axes that the bottom has not are 1. From the compact
    bilinear fork: ``l2_normalize_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return (four_axes(bottoms[0]),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.bilinear.L2Normalize()
