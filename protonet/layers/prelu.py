"""Rectified linear unit with a learned negative slope."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, Weight, register
from protonet.message.base import Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class PReLUParameter(Message):
    """Parameters of PReLU."""

    filler: Annotated[FillerParameter, Tag(1)] = FillerParameter(value=0.25)
    channel_shared: Annotated[bool, Tag(2)] = False


@register
class PReLU(Layer):
    """``y = max(x, 0) + a min(x, 0)``; the gradient at 0 is ``a``.

    ``(N, C, ...)`` -> the same. Weight: ``a`` ``(C)``, or ``()`` with ``channel_shared``. He et
    al., arXiv:1502.01852. Caffe: ``prelu_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    prelu_param: Annotated[PReLUParameter, Tag(131)] = PReLUParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) < 2:  # noqa: PLR2004 # batch and channels
            raise LayerError(f"PReLU needs at least 2 axes, the bottom is {bottom}")
        return bottoms

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p = self.prelu_param
        return (Weight(() if p.channel_shared else (bottoms[0][1],), p.filler),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.PReLU()
