"""Bilinear pooling."""

from typing import ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape


@register
class Bilinear(Layer):
    """``sum_hw a b^T``, the outer products of two feature maps, summed over positions.

    ``(N, C1, H, W)``, ``(N, C2, H, W)`` -> ``(N, C1 C2, 1, 1)``. Lin et al., ICCV 2015. From the
    compact bilinear fork: ``bilinear_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        a, b = (four_axes(bottom) for bottom in bottoms)
        if (a[0], *a[2:]) != (b[0], *b[2:]):
            raise LayerError(f"bottoms of shapes {a} and {b} differ elsewhere than in channels")
        return ((a[0], a[1] * b[1], 1, 1),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.bilinear.Bilinear()
