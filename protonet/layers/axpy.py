"""A scaled blob plus another."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape


@register
class Axpy(Layer):
    """``top = a x + y`` with one ``a`` for each channel of each item.

    a ``(N, C)`` or ``(N, C, 1, 1)``, x ``(N, C, ...)``, y as x -> a top as x. Hu et al.,
    arXiv:1709.01507. From the SENet fork: ``axpy_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = exactly(3)
    may_be_in_place: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scale, x, y = bottoms
        if x != y:
            raise LayerError(f"bottom 1 of shape {x} differs from bottom 2 of shape {y}")
        if len(x) < 2 or scale not in (x[:2], (*x[:2], 1, 1)):  # noqa: PLR2004 # N, C
            raise LayerError(
                f"bottom 0 of shape {scale} is not one value for each channel of bottom 1, {x}"
            )
        return (x,)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.elementwise.Axpy()
