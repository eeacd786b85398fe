"""A loss that grows linearly for large differences."""

from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class SmoothL1LossParameter(Message):
    """Parameters of SmoothL1Loss."""

    sigma: Annotated[Float, Tag(1)] = 1.0


@register
class SmoothL1Loss(Layer):
    """``sum w_out f(w_in (a - b)) / N``; f is quadratic within ``1 / sigma^2``.

    ``f(d) = 0.5 (sigma d)^2`` if ``|d| < 1 / sigma^2``, else ``|d| - 0.5 / sigma^2``. ``a``, ``b``
    and, if there are three or four bottoms, the inside and outside weights: all ``(N, C, H, W)`` or
    less -> (). The weights get no gradient. Girshick, arXiv:1504.08083. From the Faster R-CNN fork:
    ``smooth_L1_loss_layer.cpp``.

    Differs: with three bottoms the gradient has the factor ``w_in``, which the SSD fork leaves out.
    """

    bottoms: ClassVar[Arity] = between(2, 4)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((2, 3))

    smooth_l1_loss_param: Annotated[SmoothL1LossParameter, Tag(8266712)] = SmoothL1LossParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        first = four_axes(bottoms[0])
        for bottom in bottoms[1:]:
            same_batch(bottoms[0], bottom)
            if four_axes(bottom) != first:
                raise LayerError(f"bottoms of shapes {bottoms[0]} and {bottom} are not alike")
        return ((),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.distance_loss.SmoothL1Loss(self.smooth_l1_loss_param.sigma)
