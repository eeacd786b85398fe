"""Convolution with one filter a channel, a Convolution with another name."""

from typing import Annotated, ClassVar

from protonet.layers._convolution import ConvolutionParameter, equal_bottoms
from protonet.layers._depthwise import depthwise_module, depthwise_top, depthwise_weights
from protonet.layers._torch import nn
from protonet.layers.base import Arity, Layer, LayerError, Weight, between, register
from protonet.message.base import Tag
from protonet.shape import Shape, count


@register
class DepthwiseConvolution(Layer):
    """``y_c = W_c * x_c + b_c``: a Convolution whose ``group`` and ``num_output`` are C.

    ``(N, C, H, W)`` -> ``(N, C, H', W')`` with H' and W' as of Convolution; several bottoms of one
    shape share the weights: W ``(C, 1, kernel_h, kernel_w)``, b ``(C)``. Howard et al.,
    arXiv:1704.04861. Caffe forks: ``depthwise_conv_layer.cpp``.

    Differs: without ``group`` the fork keeps C filters a channel and uses one; here it is C.
    """

    bottoms: ClassVar[Arity] = between(1, None)
    tops: ClassVar[Arity] = between(1, None)
    equal_bottoms_and_tops: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    convolution_param: Annotated[ConvolutionParameter, Tag(106)] = ConvolutionParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p, bottom = self.convolution_param, equal_bottoms(bottoms)
        channels = p.channels(bottom)
        for name, given in (("num_output", p.num_output), ("group", p.group)):
            if p.has(name) and given != channels:
                raise LayerError(
                    f"`{name}` {given} is not the number of channels of the bottom, {channels}",
                    help="other numbers are a Convolution with `group`",
                    field=("convolution_param", name),
                )
        return (depthwise_top(p, bottom),) * len(bottoms)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        return depthwise_weights(self.convolution_param, bottoms[0])

    def multiplications(self, *bottoms: Shape) -> int:
        taps = count(self.weights(*bottoms)[0].shape[1:])
        return sum(map(count, self.infer(*bottoms))) * taps

    def build(self, *bottoms: Shape) -> "nn.Module":
        return depthwise_module(self.convolution_param, *bottoms)
