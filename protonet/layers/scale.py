"""Scale, learned or given, with an optional bias."""

from typing import Annotated, ClassVar

from protonet.layers._broadcast import aligned_axis, covered
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, Weight, between, register
from protonet.message.base import Int32, Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape, count


class ScaleParameter(Message):
    """Parameters of Scale."""

    axis: Annotated[Int32, Tag(1)] = 1
    num_axes: Annotated[Int32, Tag(2)] = 1
    filler: Annotated[FillerParameter, Tag(3)] = FillerParameter(value=1.0)
    bias_term: Annotated[bool, Tag(4)] = False
    bias_filler: Annotated[FillerParameter, Tag(5)] = FillerParameter()


@register
class Scale(Layer):
    """``y = a x + b``, with ``a`` and ``b`` broadcast from ``axis`` on.

    Any shape. With one bottom ``a`` is a weight of the shape of ``num_axes`` axes of the bottom
    (-1: all from ``axis`` on, 0: a scalar); else it is the second bottom. ``b`` of that shape is a
    weight if ``bias_term``. Caffe: ``scale_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(1, 2)
    keeps_top: ClassVar[bool] = False

    scale_param: Annotated[ScaleParameter, Tag(142)] = ScaleParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._axis(*bottoms)
        return (bottoms[0],)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p, shape = self.scale_param, self._scale(*bottoms)
        scale = (Weight(shape, p.filler),) if len(bottoms) == 1 else ()
        bias = (Weight(shape, p.bias_filler),) if p.bias_term else ()
        return (*scale, *bias)

    def multiplications(self, *bottoms: Shape) -> int:
        return count(bottoms[0]) if len(bottoms) == 1 else 0

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(*bottoms) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.affine.Scale(self._axis(*bottoms))

    def _scale(self, bottom: Shape, *scale: Shape) -> Shape:
        p = self.scale_param
        if scale:
            return scale[0]
        return covered(bottom, axis=p.axis, num_axes=p.num_axes, message="scale_param")

    def _axis(self, bottom: Shape, *scale: Shape) -> int:
        blob = self._scale(bottom, *scale)
        return aligned_axis(bottom, blob, axis=self.scale_param.axis, message="scale_param")
