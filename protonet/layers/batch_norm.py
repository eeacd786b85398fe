"""Batch normalization without the affine part."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, Weight, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class BatchNormParameter(Message):
    """Parameters of BatchNorm."""

    use_global_stats: Annotated[bool | None, Tag(1)] = None
    moving_average_fraction: Annotated[Float, Tag(2)] = 0.999
    eps: Annotated[Float, Tag(3)] = 1e-5


@register
class BatchNorm(Layer):
    """``y = (x - mean) / sqrt(var + eps)`` for each channel.

    ``(N, C, ...)`` -> the same. With ``use_global_stats``, the default at TEST, mean and variance
    are what the weights say; else they are the batch's, and the weights are updated, at TEST too.
    Weights: mean ``(C)``, variance ``(C)``, factor ``(1)``, all 0 at first: ``factor = f factor +
    1``, ``mean = f mean + batch mean``, ``variance = f variance + m / (m - 1) batch variance`` with
    ``f = moving_average_fraction`` and ``m`` values a channel; both are divided by the factor when
    used. Scale and shift are the business of a Scale layer. Ioffe and Szegedy, arXiv:1502.03167.
    Caffe: ``batch_norm_layer.cpp``.

    Differs from torch: the sums, which are bias-corrected averages; ``momentum`` would be ``1 -
    f``.
    """

    keeps_top: ClassVar[bool] = False

    batch_norm_param: Annotated[BatchNormParameter, Tag(139)] = BatchNormParameter()

    @property
    def fixed_by(self) -> str:
        return "batch_norm_param.use_global_stats"

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) < 2:  # noqa: PLR2004 # batch and channels
            raise LayerError(f"a bottom of shape {bottom} has no channel axis")
        return bottoms

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        channels = (bottoms[0][1],)
        return tuple(Weight(shape, learnable=False) for shape in (channels, channels, (1,)))

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self.is_fixed or not (training or self.batch_norm_param.has("use_global_stats"))

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.batch_norm_param
        return ops.normalization.BatchNorm(
            use_global_stats=p.use_global_stats, fraction=p.moving_average_fraction, eps=p.eps
        )
