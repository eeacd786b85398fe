"""Means of regions of interest, each bin from channels of its own."""

from typing import Annotated, ClassVar

from protonet.layers._detection import check_rois
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Float, Int32, Message, Tag
from protonet.shape import Shape


class PSROIPoolingParameter(Message):
    """Parameters of PSROIPooling."""

    spatial_scale: Annotated[Float, Tag(1)]
    output_dim: Annotated[Int32, Tag(2)]
    group_size: Annotated[Int32, Tag(3)]


@register
class PSROIPooling(Layer):
    """The mean of each of k x k bins of each ROI; bin (i, j) reads channels of its own.

    ``(N, D k k, H, W)`` with ``output_dim`` = D and ``group_size`` = k, and ROIs ``(R, 5)``: the
    image's place in the batch, x1, y1, x2, y2 in its pixels -> ``(R, D, k, k)``. Element (d, i, j)
    reads channel ``(d k + i) k + j``. Corners are rounded, half away from zero, the ends plus 1,
    then multiplied by ``spatial_scale``; a ROI is at least 0.1 wide and high. Bins are rounded
    outwards and cut at the borders; an empty one is 0. Dai et al., arXiv:1605.06409. From the R-FCN
    fork: ``psroi_pooling_layer.cpp``, ``.cu``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    psroi_pooling_param: Annotated[PSROIPoolingParameter | None, Tag(10001)] = None

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p = self._param
        for name, value in (("output_dim", p.output_dim), ("group_size", p.group_size)):
            if value <= 0:
                raise LayerError(
                    f"`{name}` is {value}, not above 0", field=("psroi_pooling_param", name)
                )
        _, channels, _, _ = check_rois(*bottoms)
        if channels != p.output_dim * p.group_size**2:
            raise LayerError(
                f"a bottom of shape {bottoms[0]} has {channels} channels, but {p.output_dim} x "
                f"{p.group_size} x {p.group_size} = {p.output_dim * p.group_size**2} are read"
            )
        return ((bottoms[1][0], p.output_dim, p.group_size, p.group_size),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self._param
        return ops.roi.PSROIPooling(p.group_size, p.spatial_scale)

    @property
    def _param(self) -> PSROIPoolingParameter:
        if self.psroi_pooling_param is None:
            raise LayerError("`psroi_pooling_param` is not set")
        return self.psroi_pooling_param
