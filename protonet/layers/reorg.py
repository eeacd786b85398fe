"""Squares of places as channels."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape


class ReorgParameter(Message):
    """Parameters of Reorg."""

    stride: Annotated[UInt32 | None, Tag(1)] = None
    reverse: Annotated[bool, Tag(2)] = False


@register
class Reorg(Layer):
    """The memory of the bottom in darknet's order.

    ``(N, C, H, W)`` -> ``(N, s^2 C, H / s, W / s)`` with ``s = stride``, which divides H and W, and
    ``s^2``, which divides C: the bottom is read as a blob B ``(N, C / s^2, s H, s W)``, and with
    ``D = C / s^2`` the top, read as ``(N, C, H, W)``, has at ``(n, c, h, w)`` what B has at ``(n, c
    % D, s h + c / D / s, s w + c / D % s)``. With ``reverse`` ``(N, C, H, W)`` -> ``(N, D, s H, s
    W)``, and top and bottom of this rule change places. Redmon and Farhadi, arXiv:1612.08242. From
    YOLO's forks: ``reorg_layer.cpp``.

    Differs from torch: ``pixel_unshuffle`` moves other values. Differs from some of the forks,
    whose backward reads a diff that nobody wrote: here it is right.
    """

    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = False

    reorg_param: Annotated[ReorgParameter, Tag(159)] = ReorgParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) != 4:  # noqa: PLR2004 # N, C, H, W
            raise LayerError(f"Reorg needs 4 axes, the bottom is {bottom}")
        stride, reverse = self._stride(), self.reorg_param.reverse
        n, c, h, w = bottom
        squared = stride**2
        if c % squared or (not reverse and (h % stride or w % stride)):
            raise LayerError(
                f"a bottom of shape {bottom} cannot be cut into squares of {stride} x {stride}",
                help="`stride` squared divides the channels"
                + ("" if reverse else ", `stride` height and width"),
                field=("reorg_param", "stride"),
            )
        if reverse:
            return ((n, c // squared, h * stride, w * stride),)
        return ((n, c * squared, h // stride, w // stride),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.resampling.Reorg(self._stride(), reverse=self.reorg_param.reverse)

    def _stride(self) -> int:
        if not self.reorg_param.stride:
            raise LayerError("`stride` is not set", field=("reorg_param", "stride"))
        return self.reorg_param.stride
