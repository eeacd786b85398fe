"""Cropping to the size of another blob."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, exactly, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.shape import Shape


class CropParameter(Message):
    """Parameters of Crop."""

    axis: Annotated[Int32, Tag(1)] = 2
    offset: Annotated[tuple[UInt32, ...], Tag(2)] = ()


@register
class Crop(Layer):
    """The part of bottom 0 that has bottom 1's extents in the axes from ``axis`` on.

    It begins at ``offset``: one for all these axes, or one each; 0 if none is given. Bottom 1 gives
    its shape alone. Caffe: ``crop_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    crop_param: Annotated[CropParameter, Tag(144)] = CropParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        bottom, reference = bottoms
        axis = self._axis(bottom)
        offsets = self._offsets(len(bottom) - axis)
        if len(reference) < len(bottom):
            raise LayerError(
                f"bottom 1 of shape {reference} has fewer axes than bottom 0 of shape {bottom}"
            )
        for at, offset in enumerate(offsets, axis):
            if offset + reference[at] > bottom[at]:
                raise LayerError(
                    f"axis {at} has the extent {bottom[at]}: "
                    f"{reference[at]} from offset {offset} on do not fit",
                    field=("crop_param", "offset"),
                )
        return ((*bottom[:axis], *reference[axis : len(bottom)]),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        axis = self._axis(bottoms[0])
        return ops.reshaping.Crop(axis=axis, offsets=self._offsets(len(bottoms[0]) - axis))

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.crop_param.axis, bottom, "crop_param", "axis")

    def _offsets(self, axes: int) -> tuple[int, ...]:
        offset = self.crop_param.offset or (0,)
        if len(offset) not in (1, axes):
            raise LayerError(
                f"there are {len(offset)} `offset` for {axes} cropped axes",
                help="give one `offset` for all axes, or one for each",
                field=("crop_param", "offset"),
            )
        return offset if len(offset) > 1 else offset * axes
