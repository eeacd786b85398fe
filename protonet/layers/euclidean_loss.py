"""Squared distance."""

from typing import ClassVar

from protonet.layers._checks import four_axes, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape, count


@register
class EuclideanLoss(Layer):
    """``sum (a - b)^2 / (2 N)``, with gradients to both bottoms.

    ``(N, ...)``, ``(N, ...)`` -> (); the rests may differ in shape, not in count.
    Caffe: ``euclidean_loss_layer.cpp``.

    Differs: torch's MSELoss divides by the count; this by 2 N.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        a, b = bottoms
        same_batch(a, b)
        four_axes(a)
        if count(a) != count(b):
            raise LayerError(f"bottoms of shapes {a} and {b} do not hold the same number of values")
        return ((),)

    @property
    def averages_samples(self) -> bool:
        return True

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.distance_loss.EuclideanLoss()
