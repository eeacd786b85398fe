"""Fully connected layer."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, Weight, axis_of, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.message.common import FillerParameter
from protonet.shape import Shape, count


class InnerProductParameter(Message):
    """Parameters of InnerProduct."""

    num_output: Annotated[UInt32 | None, Tag(1)] = None
    bias_term: Annotated[bool, Tag(2)] = True
    weight_filler: Annotated[FillerParameter, Tag(3)] = FillerParameter()
    bias_filler: Annotated[FillerParameter, Tag(4)] = FillerParameter()
    axis: Annotated[Int32, Tag(5)] = 1
    transpose: Annotated[bool, Tag(6)] = False


@register
class InnerProduct(Layer):
    """``y = x W^T + b`` over the axes from ``axis`` on, flattened to K.

    ``(N, ...)`` -> ``(N, num_output)``. Weights: W ``(num_output, K)``, or ``(K, num_output)`` with
    ``transpose``; b ``(num_output)``. Caffe: ``inner_product_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False

    inner_product_param: Annotated[InnerProductParameter, Tag(117)] = InnerProductParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if not self.inner_product_param.num_output:
            raise LayerError("`num_output` is not set", field=("inner_product_param", "num_output"))
        return ((*bottom[: self._axis(bottom)], self.inner_product_param.num_output),)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p = self.inner_product_param
        rows, columns = p.num_output or 0, count(bottoms[0][self._axis(bottoms[0]) :])
        shape = (columns, rows) if p.transpose else (rows, columns)
        bias = (Weight((rows,), p.bias_filler),) if p.bias_term else ()
        return (Weight(shape, p.weight_filler), *bias)

    def multiplications(self, *bottoms: Shape) -> int:
        (bottom,) = bottoms
        return count(bottom) * (self.inner_product_param.num_output or 0)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.inner_product_param
        return ops.linear.InnerProduct(axis=self._axis(bottoms[0]), transpose=p.transpose)

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.inner_product_param.axis, bottom, "inner_product_param", "axis")
