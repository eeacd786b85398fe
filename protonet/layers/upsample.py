"""Max-pooling undone."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape, UpsampleSize


class UpsampleParameter(Message):
    """Parameters of Upsample; with one bottom ``scale`` alone counts."""

    scale: Annotated[UInt32, Tag(1)] = 2
    scale_h: Annotated[UInt32 | None, Tag(2)] = None
    scale_w: Annotated[UInt32 | None, Tag(3)] = None
    pad_out_h: Annotated[bool, Tag(4)] = False
    pad_out_w: Annotated[bool, Tag(5)] = False
    upsample_h: Annotated[UInt32 | None, Tag(6)] = None
    upsample_w: Annotated[UInt32 | None, Tag(7)] = None

    def size(self) -> UpsampleSize:
        """Return how large the top is.

        Raises:
            LayerError: It is said in two ways, by half, or a number is out of range.
        """
        fixed = _both("upsample", self.upsample_h, self.upsample_w)
        scale = _both("scale", self.scale_h, self.scale_w)
        if scale and self.has("scale") and not fixed:
            raise LayerError(
                "`scale` and `scale_h`, `scale_w` are both set", field=("upsample_param", "scale")
            )
        scale, pad_out = scale or (self.scale,) * 2, (self.pad_out_h, self.pad_out_w)
        if min(fixed or scale) <= 1:
            raise LayerError(
                f"a top of {fixed} is too small" if fixed else f"`scale` {scale} must be above 1",
                field=("upsample_param",),
            )
        if not fixed and any(pad and s != 2 for pad, s in zip(pad_out, scale, strict=True)):  # noqa: PLR2004 # of 2, one is lost at most
            raise LayerError(
                f"`pad_out_h` and `pad_out_w` go with a `scale` of 2, it is {scale}",
                help="set `upsample_h` and `upsample_w`",
                field=("upsample_param",),
            )
        return UpsampleSize(fixed, scale, tuple(map(int, pad_out)))


@register
class Upsample(Layer):
    """Values back to where max-pooling found them, 0 elsewhere; or each value repeated.

    Two bottoms, x ``(N, C, H, W)`` and the second top of the pooling, of the same shape, whose
    places are ``h W' + w`` in the top -> ``(N, C, H', W')``: ``upsample_h``, ``upsample_w``, or the
    bottom's times ``scale``, less 1 with ``pad_out_h`` or ``pad_out_w``. Badrinarayanan et al.,
    arXiv:1511.00561. From the SegNet fork, whose 137 is 50137 here: ``upsample_layer.cpp``.

    One bottom -> ``(N, C, scale H, scale W)``: each value ``scale`` x ``scale`` times. From YOLO's
    forks, where ``scale`` is 1 unless given.
    """

    bottoms: ClassVar[Arity] = between(1, 2)
    may_be_in_place: ClassVar[bool] = False
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))
    mixes_samples: ClassVar[bool] = False

    upsample_param: Annotated[UpsampleParameter, Tag(50137)] = UpsampleParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        bottom = bottoms[0]
        if len(bottom) != 4:  # noqa: PLR2004 # N, C, H, W
            raise LayerError(f"Upsample needs 4 axes, the bottom is {bottom}")
        if bottoms[1:] not in ((), (bottom,)):
            raise LayerError(f"bottom 1 of shape {bottoms[1]} differs from bottom 0, {bottom}")
        if len(bottoms) > 1:
            return ((*bottom[:2], *self.upsample_param.size().extents(bottom[2:])),)
        return ((*bottom[:2], *(extent * self._repeats() for extent in bottom[2:])),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        if len(bottoms) > 1:
            return ops.resampling.Unpool(self.upsample_param.size())
        return ops.resampling.Repeat(self._repeats())

    def _repeats(self) -> int:
        p, field = self.upsample_param, ("upsample_param", "scale")
        if p.model_fields_set - {"scale"}:
            raise LayerError("with one bottom `scale` alone counts", field=field)
        if not p.scale:
            raise LayerError("`scale` 0 must be at least 1", field=field)
        return p.scale if p.has("scale") else 1


def _both(name: str, h: int | None, w: int | None) -> Shape | None:
    if (h is None) != (w is None):
        raise LayerError(f"`{name}_h` and `{name}_w` go together", field=("upsample_param",))
    return None if h is None or w is None else (h, w)
