"""Bilinear interpolation."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Int32, Message, Tag
from protonet.shape import InterpSize, Shape


class InterpParameter(Message):
    """Parameters of Interp."""

    height: Annotated[Int32, Tag(1)] = 0
    width: Annotated[Int32, Tag(2)] = 0
    zoom_factor: Annotated[Int32, Tag(3)] = 1
    shrink_factor: Annotated[Int32, Tag(4)] = 1
    pad_beg: Annotated[Int32, Tag(5)] = 0
    pad_end: Annotated[Int32, Tag(6)] = 0

    def size(self) -> InterpSize:
        """Return how large the top is: one factor counts before height and width, two after.

        Raises:
            LayerError: Nothing says it, or a number is out of range.
        """
        factors = sum(map(self.has, ("zoom_factor", "shrink_factor")))
        fixed = self.has("height") and self.has("width") and factors != 1
        if not fixed and not factors:
            raise LayerError(
                "nothing says how large the top is",
                help="set `zoom_factor`, `shrink_factor`, or both of `height` and `width`",
                field=("interp_param",),
            )
        for name, value in (
            ("zoom_factor", self.zoom_factor),
            ("shrink_factor", self.shrink_factor),
        ):
            if value < 1:
                raise LayerError(
                    f"`{name}` {value} must be at least 1", field=("interp_param", name)
                )
        for name, value in (("pad_beg", self.pad_beg), ("pad_end", self.pad_end)):
            if value > 0:
                raise LayerError(
                    f"`{name}` {value} must be 0 or below",
                    help="a negative one crops; a positive one no fork can do",
                    field=("interp_param", name),
                )
        return InterpSize(
            fixed=(self.height, self.width) if fixed else None,
            shrink=self.shrink_factor,
            zoom=self.zoom_factor,
            crop=(-self.pad_beg, -self.pad_end),
        )


@register
class Interp(Layer):
    """Bilinear interpolation in which the corners of bottom and top meet.

    ``(N, C, H, W)`` -> ``(N, C, height, width)``; or ``H' = (H - 1) zoom_factor + 1``; or ``H' = (H
    - 1) / shrink_factor + 1``, rounded down, which a zoom may follow. Before that ``-pad_beg``
    places are cut off at the top and left, ``-pad_end`` at the bottom and right. Chen et al.,
    arXiv:1606.00915. From the DeepLab and PSPNet forks, 153 as in the former: ``interp_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    interp_param: Annotated[InterpParameter, Tag(153)] = InterpParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        if len(bottom) != 4:  # noqa: PLR2004 # N, C, H, W
            raise LayerError(f"Interp needs 4 axes, the bottom is {bottom}")
        size = self.interp_param.size()
        left = [extent - sum(size.crop) for extent in bottom[2:]]
        extents = size.extents(bottom[2:])
        if min(*left, *extents) < 1:
            raise LayerError(
                f"a bottom of shape {bottom} is cropped to {left[0]} x {left[1]} "
                f"and resized to {extents[0]} x {extents[1]}",
                field=("interp_param",),
            )
        return ((*bottom[:2], *extents),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.resampling.Interp(self.interp_param.size())
