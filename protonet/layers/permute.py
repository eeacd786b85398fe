"""The axes in another order."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape


class PermuteParameter(Message):
    """Parameters of Permute."""

    order: Annotated[tuple[UInt32, ...], Tag(1)] = ()


@register
class Permute(Layer):
    """Axis ``i`` of the top is axis ``order[i]`` of the bottom.

    Axes that ``order`` does not name follow in their own order. From the SSD fork:
    ``permute_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    permute_param: Annotated[PermuteParameter, Tag(202)] = PermuteParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        order = self.permute_param.order
        for at, axis in enumerate(order):
            field = ("permute_param", "order", at)
            if axis >= len(bottom):
                raise LayerError(
                    f"axis {axis} is out of range for a bottom of shape {bottom}", field=field
                )
            if axis in order[:at]:
                raise LayerError(f"`order` names axis {axis} twice", field=field)
        return (tuple(bottom[axis] for axis in self._order(bottom)),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._order(bottoms[0])[0] == 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Permute(self._order(bottoms[0]))

    def _order(self, bottom: Shape) -> tuple[int, ...]:
        order = self.permute_param.order
        return (*order, *(axis for axis in range(len(bottom)) if axis not in order))
