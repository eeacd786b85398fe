"""Mean and variance normalization."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class MVNParameter(Message):
    """Parameters of MVN."""

    normalize_variance: Annotated[bool, Tag(1)] = True
    across_channels: Annotated[bool, Tag(2)] = False
    eps: Annotated[Float, Tag(3)] = 1e-9


@register
class MVN(Layer):
    """``y = (x - mean) / (std + eps)`` over height and width of each channel.

    With ``across_channels``, over channels, height and width together.

    ``(N, C, H, W)`` -> the same; of fewer axes, those that lack become 1. Without
    ``normalize_variance`` only the mean is subtracted. Caffe: ``mvn_layer.cpp``.

    Backward, as Caffe's: ``dx = (dy - mean(dy) - y mean(y dy)) / (std + eps)``, which is the
    derivative but for a factor of ``(std + eps) / std`` in the last term.
    """

    keeps_bottom: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    mvn_param: Annotated[MVNParameter, Tag(120)] = MVNParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) > 4:  # noqa: PLR2004 # N, C, H, W
            raise LayerError(f"MVN takes at most 4 axes, the bottom is {bottom}")
        return ((*bottom, *(1,) * (4 - len(bottom))),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.mvn_param
        return ops.normalization.MVN(
            axis=1 if p.across_channels else 2, normalize_variance=p.normalize_variance, eps=p.eps
        )
