"""Slicing."""

from itertools import pairwise
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, between, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.shape import Shape


class SliceParameter(Message):
    """Parameters of Slice; ``slice_dim`` is the older name of ``axis``."""

    axis: Annotated[Int32, Tag(3)] = 1
    slice_point: Annotated[tuple[UInt32, ...], Tag(2)] = ()
    slice_dim: Annotated[UInt32, Tag(1)] = 1


@register
class Slice(Layer):
    """The bottom cut along ``axis``: before each ``slice_point``, or into equal parts.

    Caffe: ``slice_layer.cpp``.
    """

    tops: ClassVar[Arity] = between(1, None)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    slice_param: Annotated[SliceParameter, Tag(126)] = SliceParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        axis = self._axis(bottom)
        return tuple(
            (*bottom[:axis], extent, *bottom[axis + 1 :]) for extent in self._extents(bottom[axis])
        )

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Slice(
            axis=self._axis(bottoms[0]), tops=self.top_count, points=self.slice_param.slice_point
        )

    def _axis(self, bottom: Shape) -> int:
        p = self.slice_param
        if not p.has("slice_dim"):
            return axis_of(p.axis, bottom, "slice_param", "axis")
        if p.has("axis"):
            raise LayerError(
                "`axis` and `slice_dim` are both set",
                help="keep `axis`",
                field=("slice_param", "slice_dim"),
            )
        return axis_of(p.slice_dim, bottom, "slice_param", "slice_dim")

    def _extents(self, extent: int) -> list[int]:
        points, tops = self.slice_param.slice_point, self.top_count
        if not points:
            if extent % tops:
                raise LayerError(
                    f"{extent} cannot be cut into {tops} equal parts",
                    help="say where to cut by `slice_point`",
                )
            return [extent // tops] * tops
        if len(points) != tops - 1:
            raise LayerError(
                f"{len(points)} `slice_point` cut into {len(points) + 1} parts, "
                f"but the layer has {tops} tops",
                field=("slice_param", "slice_point"),
            )
        edges = (0, *points, extent)
        for at, (start, end) in enumerate(pairwise(edges)):
            if end <= start:
                raise LayerError(
                    f"`slice_point` {list(points)} do not rise from 1 to {extent - 1}",
                    field=("slice_param", "slice_point", min(at, len(points) - 1)),
                )
        return [end - start for start, end in pairwise(edges)]
