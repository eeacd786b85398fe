"""A part of a batch."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.shape import Shape, count


@register
class Filter(Layer):
    """The items of each bottom but the last whose selector, the last bottom, is not 0.

    ``(N, ...)``, .., ``(N)`` -> ``(M, ...)``, ..; M depends on the values and may be 0. Shapes are
    inferred as if all passed. The selector gets no gradient. Caffe: ``filter_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(2, None)
    tops: ClassVar[Arity] = between(1, None)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        *blobs, selector = bottoms
        if len(blobs) != self.top_count:
            raise LayerError(
                f"{len(blobs)} bottoms and a selector cannot make {self.top_count} tops",
                help="give one top for each bottom but the last",
            )
        if not selector or count(selector[1:]) != 1:
            raise LayerError(f"a selector of shape {selector} does not hold one value an item")
        for at, blob in enumerate(blobs):
            if blob[:1] != selector[:1]:
                raise LayerError(
                    f"bottom {at} of shape {blob} does not hold {selector[0]} items as the selector"
                )
        return tuple(blobs)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Filter()
