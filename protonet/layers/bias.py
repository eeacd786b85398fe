"""Bias, learned or given."""

from typing import Annotated, ClassVar

from protonet.layers._broadcast import aligned_axis, covered
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, Weight, between, register
from protonet.message.base import Int32, Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class BiasParameter(Message):
    """Parameters of Bias."""

    axis: Annotated[Int32, Tag(1)] = 1
    num_axes: Annotated[Int32, Tag(2)] = 1
    filler: Annotated[FillerParameter, Tag(3)] = FillerParameter()


@register
class Bias(Layer):
    """``y = x + b``, with ``b`` broadcast from ``axis`` on.

    Any shape. With one bottom ``b`` is a weight of the shape of ``num_axes`` axes of the bottom
    (-1: all from ``axis`` on, 0: a scalar); else it is the second bottom. Caffe:
    ``bias_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(1, 2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    bias_param: Annotated[BiasParameter, Tag(141)] = BiasParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._axis(*bottoms)
        return (bottoms[0],)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        if len(bottoms) > 1:
            return ()
        return (Weight(self._bias(*bottoms), self.bias_param.filler),)

    def multiplications(self, *bottoms: Shape) -> int:
        return 0

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(*bottoms) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.affine.Bias(self._axis(*bottoms))

    def _bias(self, bottom: Shape, *bias: Shape) -> Shape:
        p = self.bias_param
        if bias:
            return bias[0]
        return covered(bottom, axis=p.axis, num_axes=p.num_axes, message="bias_param")

    def _axis(self, bottom: Shape, *bias: Shape) -> int:
        blob = self._bias(bottom, *bias)
        return aligned_axis(bottom, blob, axis=self.bias_param.axis, message="bias_param")
