"""Batch normalization with scale and shift in one layer, as three forks have it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from protonet.layers._bn import BNParameter
from protonet.layers._checks import four_axes
from protonet.layers._dialect import dialect_of
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, Weight, register
from protonet.message.base import Tag
from protonet.shape import Shape, count

_SCALED = frozenset({"bn_param", "scale_filler", "shift_filler"})


@register
class BN(Layer):
    """``y = (x - mean) / sqrt(var + eps) * scale + shift`` for each channel.

    ``(N, C, H, W)`` -> the same. The variance is the biased one. The fields that are set tell the
    fork; where they are of several, the first of these counts, unless `--dialect` says another:

    - ``pspnet`` (also yjxiong's): weights slope, bias, mean, var, all ``(1, C)``. TRAIN: the
      batch's statistics, ``mean = momentum mean + (1 - momentum) batch mean``, var likewise; TEST,
      and always with ``frozen``, which also stops slope and bias: the stored ones.
    - ``segnet``: weights scale, shift ``(1, C, 1, 1)``, eps 1e-9. LEARN: the batch's statistics, at
      TEST too; INFERENCE: ``x scale + shift``.
    - ``happynear``: weights scale, shift, mean, var ``(1, C, 1, 1)``. TRAIN: the batch's
      statistics, ``mean = decay batch mean + (1 - decay) mean``; TEST: the stored ones, or the
      batch's with ``moving_average: false``.

    In the last two, axes that the bottom has not are 1 in the top. All fillers are 0 unless given.
    Caffe forks: ``bn_layer.cpp``.

    Differs: at TEST the forks run backward as if the statistics were the batch's; here it is right.
    """

    keeps_top: ClassVar[bool] = False
    dialects: ClassVar[Mapping[str, frozenset[str]]] = {
        "pspnet": frozenset(
            {"bn_param", "slope_filler", "bias_filler", "momentum", "eps", "frozen", "engine"}
        ),
        "segnet": _SCALED | {"bn_mode"},
        "happynear": _SCALED | {"var_eps", "moving_average", "decay"},
    }

    bn_param: Annotated[BNParameter, Tag(45)] = BNParameter()

    @property
    def fixed_by(self) -> str:
        return "bn_param.frozen" if dialect_of(self) == "pspnet" else ""

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) < 2:  # noqa: PLR2004 # batch and channels
            raise LayerError(f"a bottom of shape {bottom} has no channel axis")
        return (bottom if dialect_of(self) == "pspnet" else four_axes(bottom),)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p, channels, dialect = self.bn_param, bottoms[0][1], dialect_of(self)
        if dialect == "pspnet":
            return p.pspnet_weights(channels)
        shape = (1, channels, 1, 1)
        learned = (Weight(shape, p.scale_filler), Weight(shape, p.shift_filler))
        average = Weight(shape, learnable=False, frozen=True)
        return learned if dialect == "segnet" else (*learned, average, average)

    def multiplications(self, *bottoms: Shape) -> int:
        return count(bottoms[0])

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        p, dialect = self.bn_param, dialect_of(self)
        if dialect == "segnet":
            return p.bn_mode is BNParameter.BNMode.INFERENCE
        return self.is_fixed or (not training and (dialect == "pspnet" or p.moving_average))

    def build(self, *bottoms: Shape) -> "nn.Module":
        p, dialect = self.bn_param, dialect_of(self)
        if dialect == "pspnet":
            return ops.fused_norm.AveragedNorm(eps=p.eps, keep=p.momentum, frozen=p.frozen)
        if dialect == "happynear":
            module = ops.fused_norm.AveragedNorm(
                eps=p.var_eps, keep=1 - p.decay, average_at_test=p.moving_average
            )
        elif p.bn_mode is BNParameter.BNMode.INFERENCE:
            module = ops.fused_norm.ScaleShift()
        else:
            module = ops.fused_norm.BatchOnlyNorm(eps=1e-9)
        return ops.fused_norm.FourAxes(module)
