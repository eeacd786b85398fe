"""One axis backwards."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, axis_of, register
from protonet.message.base import Int32, Message, Tag
from protonet.shape import Shape


class ReverseParameter(Message):
    """Parameters of Reverse."""

    axis: Annotated[Int32, Tag(1)] = 0


@register
class Reverse(Layer):
    """The bottom with ``axis`` running backwards: what a second LSTM reads in a bidirectional one.

    Any shape -> the same. From the CaffeLSTM-OCR fork: ``reverse_layer.cpp``.

    Differs: a negative ``axis`` counts from the end, as in other layers; the fork refuses it.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    reverse_param: Annotated[ReverseParameter, Tag(151)] = ReverseParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._axis(bottoms[0])
        return bottoms

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.resampling.Reverse(self._axis(bottoms[0]))

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.reverse_param.axis, bottom, "reverse_param", "axis")
