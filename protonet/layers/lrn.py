"""Local response normalization."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.shape import Shape


class LRNParameter(Message):
    """Parameters of LRN."""

    class NormRegion(IntEnum):
        """Which neighbours count: other channels, or other places of the channel."""

        ACROSS_CHANNELS = 0
        WITHIN_CHANNEL = 1

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    local_size: Annotated[UInt32, Tag(1)] = 5
    alpha: Annotated[Float, Tag(2)] = 1.0
    beta: Annotated[Float, Tag(3)] = 0.75
    norm_region: Annotated[NormRegion, Tag(4)] = NormRegion.ACROSS_CHANNELS
    k: Annotated[Float, Tag(5)] = 1.0
    engine: Annotated[Engine, Tag(6)] = Engine.DEFAULT


@register
class LRN(Layer):
    """``y = x (k + alpha / n sum of x^2)^-beta`` over ``n = local_size`` channels around each.

    WITHIN_CHANNEL: ``y = x (1 + alpha / n^2 sum of x^2)^-beta`` over ``n x n`` places around each;
    ``k`` is ignored, and places outside the image count as zeros.

    ``(N, C, H, W)`` -> the same. Krizhevsky et al., NIPS 2012. Caffe: ``lrn_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    lrn_param: Annotated[LRNParameter, Tag(118)] = LRNParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if self.lrn_param.local_size % 2 == 0:
            raise LayerError(
                f"`local_size` {self.lrn_param.local_size} must be odd",
                field=("lrn_param", "local_size"),
            )
        if len(bottom) != 4:  # noqa: PLR2004 # N, C, H, W
            raise LayerError(f"LRN needs 4 axes, the bottom is {bottom}")
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.lrn_param
        if p.norm_region is LRNParameter.NormRegion.WITHIN_CHANNEL:
            return ops.lrn.LRNWithinChannel(local_size=p.local_size, alpha=p.alpha, beta=p.beta)
        return ops.lrn.LRNAcrossChannels(local_size=p.local_size, alpha=p.alpha, beta=p.beta, k=p.k)
