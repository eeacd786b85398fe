"""Sums and means."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, axis_of, register
from protonet.message.base import Float, Int32, Message, Tag
from protonet.shape import Shape


class ReductionParameter(Message):
    """Parameters of Reduction."""

    class ReductionOp(IntEnum):
        """Sum, sum of magnitudes, sum of squares, mean."""

        SUM = 1
        ASUM = 2
        SUMSQ = 3
        MEAN = 4

    operation: Annotated[ReductionOp, Tag(1)] = ReductionOp.SUM
    axis: Annotated[Int32, Tag(2)] = 0
    coeff: Annotated[Float, Tag(3)] = 1.0


@register
class Reduction(Layer):
    """``coeff * sum f(x)`` over ``axis`` and all that follow.

    ``f`` is x (SUM; MEAN, which also divides), ``|x|`` (ASUM) or ``x^2`` (SUMSQ). Any shape ->
    ``bottom[:axis]``. Caffe: ``reduction_layer.cpp``.

    Differs from torch's reductions: never a single axis in the middle.
    """

    keeps_top: ClassVar[bool] = False

    reduction_param: Annotated[ReductionParameter, Tag(136)] = ReductionParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return (bottoms[0][: self._axis(bottoms[0])],)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        p, op = self.reduction_param, ReductionParameter.ReductionOp
        return ops.elementwise.Reduction(
            axis=self._axis(bottoms[0]),
            coeff=p.coeff,
            absolute=p.operation == op.ASUM,
            square=p.operation == op.SUMSQ,
            mean=p.operation == op.MEAN,
        )

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.reduction_param.axis, bottom, "reduction_param", "axis")
