"""Patches as channels."""

from typing import Annotated, ClassVar

from protonet.layers._convolution import ConvolutionParameter, checked_extents
from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Tag
from protonet.shape import Shape, count


@register
class Im2col(Layer):
    """What each position of a convolution's kernel sees, as channels.

    ``(N, C, H, W)`` -> ``(N, C * kernel_h * kernel_w, H', W')`` with H' and W' as of Convolution,
    or any other number of spatial axes. Reads ``convolution_param``, of which only the window
    counts. Caffe: ``im2col_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True
    mixes_samples: ClassVar[bool] = False

    convolution_param: Annotated[ConvolutionParameter, Tag(106)] = ConvolutionParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        p = self.convolution_param
        axis = p.channel_axis(bottom)
        if axis == len(bottom) - 1:
            raise LayerError(
                f"a bottom of shape {bottom} has no spatial axes after axis {axis}",
                field=("convolution_param", "axis"),
            )
        window = p.window(bottom)
        extents = checked_extents(window.extents(bottom[axis + 1 :]), bottom, window)
        return ((*bottom[:axis], bottom[axis] * count(window.kernel), *extents),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        (bottom,) = bottoms
        p = self.convolution_param
        return ops.convolution.Im2col(axis=p.channel_axis(bottom), window=p.window(bottom))
