"""Convolution with one filter a channel, as MobileNet's first fork has it."""

from typing import Annotated, ClassVar

from protonet.layers._convolution import ConvolutionParameter
from protonet.layers._depthwise import depthwise_module, depthwise_top, depthwise_weights
from protonet.layers._torch import nn
from protonet.layers.base import Layer, Weight, register
from protonet.message.base import Tag
from protonet.shape import Shape


@register
class ConvolutionDepthwise(Layer):
    """``y_c = W_c * x_c + b_c``: each channel is convolved with a filter of its own.

    ``(N, C, H, W)`` -> ``(N, C, H', W')`` with H' and W' as of Convolution. Weights: W ``(C, 1,
    kernel_h, kernel_w)``, b ``(C)``. Of ``convolution_param``, ``num_output`` and ``group`` are
    not read, as in the fork: both are C. Howard et al., arXiv:1704.04861. Caffe forks:
    ``conv_dw_layer.cpp``.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    convolution_param: Annotated[ConvolutionParameter, Tag(106)] = ConvolutionParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return (depthwise_top(self.convolution_param, bottoms[0]),)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        return depthwise_weights(self.convolution_param, bottoms[0])

    def build(self, *bottoms: Shape) -> "nn.Module":
        return depthwise_module(self.convolution_param, *bottoms)
