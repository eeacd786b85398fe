"""Features of a learned length."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._dialect import dialect_of
from protonet.layers._normalize import NormalizeTypeParameter
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, Weight, between, register
from protonet.message.base import Float, Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class NormalizeParameter(Message):
    """Parameters of Normalize."""

    across_spatial: Annotated[bool, Tag(1)] = True
    scale_filler: Annotated[FillerParameter, Tag(2)] = FillerParameter(value=1.0)
    channel_shared: Annotated[bool, Tag(3)] = True
    eps: Annotated[Float, Tag(4)] = 1e-10


@register
class Normalize(Layer):
    """``y = scale x / sqrt(sum x^2 + eps)`` over a sample, or the channels of each position.

    ``(N, C, H, W)`` -> the same; the sum runs over C, H and W, or with ``across_spatial: false``
    over C. Weight: ``scale``, ``()``, or ``(C)`` with ``channel_shared: false``. Liu et al.,
    arXiv:1506.04579. From the SSD fork: ``normalize_layer.cpp``.

    With ``normalize_param`` it is happynear's: ``y = x / norm`` over the channels of each position,
    the norm ``sqrt(sum x^2 + 1e-6)`` or, with ``normalize_type: "L1"``, ``sum abs(x) + 1e-6``;
    without a weight; axes that the bottom has not are 1. A second top ``(N, 1, H, W)`` is the norm,
    which passes a gradient with ``bp_norm`` only. Wang et al., arXiv:1704.06369.

    Differs from ``F.normalize``: eps is added below the root, not a bound of the norm.
    """

    tops: ClassVar[Arity] = between(1, 2)
    keeps_top: ClassVar[bool] = False
    dialects: ClassVar[Mapping[str, frozenset[str]]] = {
        "ssd": frozenset({"norm_param", *NormalizeParameter.slots()}),
        "happynear": frozenset({"normalize_param", *NormalizeTypeParameter.slots()}),
    }
    mixes_samples: ClassVar[bool] = False

    norm_param: Annotated[NormalizeParameter, Tag(206)] = NormalizeParameter()
    normalize_param: Annotated[NormalizeTypeParameter, Tag(214)] = NormalizeTypeParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) < 2:  # noqa: PLR2004 # batch and channels
            raise LayerError(f"Normalize needs at least 2 axes, the bottom is {bottom}")
        four = four_axes(bottom)
        if dialect_of(self) == "happynear":
            self.normalize_param.check()
            return (four, (four[0], 1, *four[2:]))[: self.top_count]
        if self.top_count > 1:
            raise LayerError(
                "the norm is a top in the dialect `happynear` only",
                help="set `normalize_param { }`, or take the second top away",
            )
        return bottoms

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        if dialect_of(self) == "happynear":
            return ()
        p = self.norm_param
        return (Weight(() if p.channel_shared else (bottoms[0][1],), p.scale_filler),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        if dialect_of(self) == "happynear":
            q = self.normalize_param
            return ops.normalization.UnitNorm(
                absolute=q.normalize_type == "L1", with_norm=self.top_count > 1, pass_norm=q.bp_norm
            )
        p = self.norm_param
        return ops.normalization.Normalize(across_spatial=p.across_spatial, eps=p.eps)
