"""Maxima of regions of interest."""

from typing import Annotated, ClassVar

from protonet.layers._detection import check_rois
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.shape import Shape


class ROIPoolingParameter(Message):
    """Parameters of ROIPooling."""

    pooled_h: Annotated[UInt32, Tag(1)] = 0
    pooled_w: Annotated[UInt32, Tag(2)] = 0
    spatial_scale: Annotated[Float, Tag(3)] = 1.0


@register
class ROIPooling(Layer):
    """The maximum of each of ``pooled_h`` x ``pooled_w`` bins of each ROI.

    ``(N, C, H, W)`` and ROIs ``(R, 5)``: the image's place in the batch, x1, y1, x2, y2 in its
    pixels -> ``(R, C, pooled_h, pooled_w)``. Corners are multiplied by ``spatial_scale`` and
    rounded, half away from zero; both belong to the ROI, which has at least one pixel. Bins are
    rounded outwards and cut at the borders; an empty one is 0. The gradient goes to the first of
    equal maxima. Girshick, arXiv:1504.08083. From the Fast R-CNN fork: ``roi_pooling_layer.cpp``,
    ``.cu``.

    Differs: a ROI whose end lies before its start passes its gradient on; the fork loses it.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    roi_pooling_param: Annotated[ROIPoolingParameter, Tag(8266711)] = ROIPoolingParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p = self.roi_pooling_param
        for name, bins in (("pooled_h", p.pooled_h), ("pooled_w", p.pooled_w)):
            if not bins:
                raise LayerError(f"`{name}` is not above 0", field=("roi_pooling_param", name))
        _, channels, height, width = check_rois(*bottoms)
        if not height * width:
            raise LayerError(f"a bottom of shape {bottoms[0]} has no positions")
        return ((bottoms[1][0], channels, p.pooled_h, p.pooled_w),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.roi_pooling_param
        return ops.roi.ROIPooling((p.pooled_h, p.pooled_w), p.spatial_scale)
