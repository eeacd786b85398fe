"""Channels of groups, interleaved."""

from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape


class ShuffleChannelParameter(Message):
    """Parameters of ShuffleChannel."""

    group: Annotated[UInt32, Tag(1)] = 1


@register
class ShuffleChannel(Layer):
    """Channel ``g C / group + i`` of the bottom is channel ``i group + g`` of the top.

    ``(N, C, H, W)`` -> the same: axes that the bottom has not are 1. Zhang et al.,
    arXiv:1707.01083. Message as in ncnn's fork, whose 145 is master's `parameter_param` and 50145
    here `compact_bilinear_param`, so it is 51145: ``shuffle_channel_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = False

    shuffle_channel_param: Annotated[ShuffleChannelParameter, Tag(51145)] = (
        ShuffleChannelParameter()
    )

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        top, group = four_axes(bottoms[0]), self.shuffle_channel_param.group
        if not group or top[1] % group:
            raise LayerError(
                f"`group` {group} does not divide the {top[1]} channels of the bottom",
                field=("shuffle_channel_param", "group"),
            )
        return (top,)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.resampling.ShuffleChannel(self.shuffle_channel_param.group)
