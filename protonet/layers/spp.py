"""Spatial pyramid pooling."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._pooling import check_axes, checked_extents
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape, count, pyramid_window


class SPPParameter(Message):
    """Parameters of SPP."""

    class PoolMethod(IntEnum):
        """What becomes of a bin's values: their maximum, mean, or one drawn by size."""

        MAX = 0
        AVE = 1
        STOCHASTIC = 2

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    pyramid_height: Annotated[UInt32 | None, Tag(1)] = None
    pool: Annotated[PoolMethod, Tag(2)] = PoolMethod.MAX
    engine: Annotated[Engine, Tag(6)] = Engine.DEFAULT


@register
class SPP(Layer):
    """Pooling over grids of 1, 4, 16 ... bins, ``pyramid_height`` of them, one after the other.

    ``(N, C, H, W)`` -> ``(N, C * bins)``; of a single level ``(N, C, 1, 1)``. He et al.,
    arXiv:1406.4729. Caffe: ``spp_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False

    spp_param: Annotated[SPPParameter, Tag(132)] = SPPParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        height = self.spp_param.pyramid_height
        if not height:
            raise LayerError("`pyramid_height` is not set", field=("spp_param", "pyramid_height"))
        check_axes(bottom)
        extents = [self._extents(bottom, level) for level in range(height)]
        if height == 1:
            return ((*bottom[:2], *extents[0]),)
        return ((bottom[0], bottom[1] * sum(map(count, extents))),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return not training or self.spp_param.pool is not SPPParameter.PoolMethod.STOCHASTIC

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.spp_param
        return ops.pooling.SpatialPyramid(ops.pooling.Method(p.pool), p.pyramid_height or 0)

    def _extents(self, bottom: Shape, level: int) -> Shape:
        stochastic = self.spp_param.pool is SPPParameter.PoolMethod.STOCHASTIC
        window, field = pyramid_window(bottom[2:], level), ("spp_param", "pyramid_height")
        if any(p >= k for p, k in zip(window.pad, window.kernel, strict=True)):
            raise LayerError(
                f"{bottom[2]} x {bottom[3]} cannot be cut into {2**level} x {2**level} bins: "
                f"windows of {window.kernel} would need a pad of {window.pad}",
                help=f"`pyramid_height` can be {level} at most",
                field=field,
            )
        return checked_extents(bottom, window, stochastic=stochastic, field=field)
