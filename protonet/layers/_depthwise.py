"""Convolutions with one filter a channel."""

from typing import TYPE_CHECKING

from protonet.layers._convolution import ConvolutionParameter, checked_extents
from protonet.layers._torch import ops
from protonet.layers.base import Weight
from protonet.shape import Shape

if TYPE_CHECKING:
    from torch import nn


def depthwise_top(p: ConvolutionParameter, bottom: Shape) -> Shape:
    """Return the shape of the top: the bottom's channels, the extents of a convolution.

    Raises:
        LayerError: The kernel does not fit, or is not said.
    """
    axis, window = p.channel_axis(bottom), p.window(bottom)
    extents = checked_extents(window.extents(bottom[axis + 1 :]), bottom, window)
    return (*bottom[: axis + 1], *extents)


def depthwise_weights(p: ConvolutionParameter, bottom: Shape) -> tuple[Weight, ...]:
    """Return the weights ``(C, 1, *kernel)`` and, if there is a bias, ``(C)``."""
    channels = p.channels(bottom)
    bias = (Weight((channels,), p.bias_filler),) if p.bias_term else ()
    return (Weight((channels, 1, *p.window(bottom).kernel), p.weight_filler), *bias)


def depthwise_module(p: ConvolutionParameter, *bottoms: Shape) -> "nn.Module":
    """Return a convolution with as many groups as channels."""
    return ops.convolution.Convolution(
        axis=p.channel_axis(bottoms[0]),
        window=p.window(bottoms[0]),
        group=p.channels(bottoms[0]),
        bottoms=len(bottoms),
    )
