"""A learned blob."""

from typing import Annotated, ClassVar

from protonet.layers._checks import blob_shape
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, Weight, exactly, register
from protonet.message.base import Message, Tag
from protonet.message.common import BlobShape
from protonet.shape import Shape


class ParameterParameter(Message):
    """Parameters of Parameter."""

    shape: Annotated[BlobShape, Tag(1)] = BlobShape()


@register
class Parameter(Layer):
    """Its weight, of the given shape, as top; 0 at first. Caffe: ``parameter_layer.hpp``.

    Differs: with ``iter_size`` k Caffe's gradient is that of the last sub-batch over k; here it
    accumulates.
    """

    bottoms: ClassVar[Arity] = exactly(0)
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    parameter_param: Annotated[ParameterParameter, Tag(145)] = ParameterParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return (blob_shape(self.parameter_param.shape, "parameter_param", "shape"),)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        return (Weight(self.parameter_param.shape.dim),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Parameter()
