"""Rectified linear unit that leaks at random."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class RReLUParameter(Message):
    """Parameters of RReLU."""

    lb: Annotated[Float, Tag(1)] = 5.0
    ub: Annotated[Float, Tag(2)] = 10.0


@register
class RReLU(Layer):
    """``y = x`` where ``x > 0``, else ``x / a``; TRAIN draws each ``a`` from U(lb, ub).

    TEST takes the mean of ``1 / a``, ``log(ub / lb) / (ub - lb)``. Any shape. Xu et al.,
    arXiv:1505.00853. From ducha-aiki's fork, there 203 and here 50203, for 203 is another's:
    ``rrelu_layer.cpp``.

    Differs: bounds of two signs, between which ``1 / a`` has no mean, are an error. At TEST the
    fork's gradient is that of the last draw; here it is right.
    """

    keeps_top: ClassVar[bool] = False

    rrelu_param: Annotated[RReLUParameter, Tag(50203)] = RReLUParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        low, high = self.rrelu_param.lb, self.rrelu_param.ub
        if not low < high or low * high <= 0:
            raise LayerError(
                f"`lb` {low:g} must be below `ub` {high:g}, both above 0 or both below",
                field=("rrelu_param",),
            )
        return bottoms

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return not training

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.RReLU(self.rrelu_param.lb, self.rrelu_param.ub)
