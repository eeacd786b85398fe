"""Repetition."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, axis_of, register
from protonet.message.base import Int32, Message, Tag
from protonet.shape import Shape


class TileParameter(Message):
    """Parameters of Tile."""

    axis: Annotated[Int32, Tag(1)] = 1
    tiles: Annotated[Int32 | None, Tag(2)] = None


@register
class Tile(Layer):
    """The bottom ``tiles`` times along ``axis``, whole block after whole block.

    Caffe: ``tile_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    tile_param: Annotated[TileParameter, Tag(138)] = TileParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        tiles, axis = self.tile_param.tiles, self._axis(bottom)
        if tiles is None or tiles < 1:
            given = "not set" if tiles is None else tiles
            raise LayerError(f"`tiles` is {given}", field=("tile_param", "tiles"))
        return ((*bottom[:axis], bottom[axis] * tiles, *bottom[axis + 1 :]),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Tile(axis=self._axis(bottoms[0]), tiles=self.tile_param.tiles or 1)

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.tile_param.axis, bottom, "tile_param", "axis")
