"""Pooling."""

from typing import Annotated, ClassVar

from protonet.layers._pooling import PoolingParameter, check_axes, checked_extents
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.message.base import Tag
from protonet.shape import Shape


@register
class Pooling(Layer):
    """The maximum, the mean, or a draw of each window of a channel.

    ``(N, C, H, W)`` -> ``(N, C, H', W')`` with ``H' = (H + 2 pad - kernel) / stride + 1``, rounded
    up or, with ``round_mode: FLOOR``, down; where there is padding a last window that starts beyond
    the image is dropped. MAX: padding never wins, nor does NaN, the first of equals does; a second
    top tells where in its plane each maximum is, ``h * W + w``. AVE: padding counts as zeros, what
    lies beyond it does not count. STOCHASTIC: Zeiler and Fergus, arXiv:1301.3557. Caffe:
    ``pooling_layer.cpp``, ``.cu``.

    Differs: a window without any value is an error; Caffe gives nonsense there.
    """

    tops: ClassVar[Arity] = between(1, 2)
    keeps_top: ClassVar[bool] = False

    pooling_param: Annotated[PoolingParameter, Tag(121)] = PoolingParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        p = self.pooling_param
        if self.top_count > 1 and p.pool is not PoolingParameter.PoolMethod.MAX:
            raise LayerError(
                f"only MAX pooling has a second top, `pool` is {p.pool.name}",
                field=("pooling_param", "pool"),
            )
        check_axes(bottom)
        window = p.window(bottom)
        stochastic = p.pool is PoolingParameter.PoolMethod.STOCHASTIC
        extents = checked_extents(bottom, window, stochastic=stochastic, field=("pooling_param",))
        return ((*bottom[:2], *extents),) * self.top_count

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return not training or self.pooling_param.pool is not PoolingParameter.PoolMethod.STOCHASTIC

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.pooling_param
        return ops.pooling.Pooling(
            ops.pooling.Method(p.pool),
            None if p.global_pooling else p.window(bottoms[0]),
            mask=self.top_count > 1,
        )
