"""A batch in another order."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape


@register
class BatchReindex(Layer):
    """``y[i] = x[index[i]]`` on axis 0: ``(N, ...)``, ``(M)`` -> ``(M, ...)``.

    Gradients of an item that comes several times add up; the indices get none.
    Caffe: ``batch_reindex_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        bottom, index = bottoms
        if not bottom:
            raise LayerError("bottom 0 has no axes, but axis 0 is the batch")
        if len(index) != 1:
            raise LayerError(f"bottom 1 of shape {index} is no list of indices: it needs one axis")
        return ((*index, *bottom[1:]),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.BatchReindex()
