"""Convolution."""

from typing import Annotated, ClassVar

from protonet.layers._convolution import ConvolutionParameter, checked_extents, equal_bottoms
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, Weight, between, register
from protonet.message.base import Tag
from protonet.shape import Shape, count


@register
class Convolution(Layer):
    """``y = W * x + b``, a cross-correlation over the axes after ``axis``, the channels.

    ``(N, C, H, W)`` -> ``(N, num_output, H', W')``, or any other number of spatial axes, with ``H'
    = (H + 2 pad - (dilation (kernel - 1) + 1)) / stride + 1``, rounded towards 0. Several bottoms
    of one shape share the weights: W ``(num_output, C / group, *kernel)``, b ``(num_output)``. Axes
    before ``axis`` are a batch together. Caffe: ``base_conv_layer.cpp``, ``conv_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = between(1, None)
    tops: ClassVar[Arity] = between(1, None)
    equal_bottoms_and_tops: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False

    convolution_param: Annotated[ConvolutionParameter, Tag(106)] = ConvolutionParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p, bottom = self.convolution_param, equal_bottoms(bottoms)
        axis, window = p.channel_axis(bottom), p.window(bottom)
        extents = checked_extents(window.extents(bottom[axis + 1 :]), bottom, window)
        return ((*bottom[:axis], p.outputs(bottom), *extents),) * len(bottoms)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p, bottom = self.convolution_param, bottoms[0]
        outputs, inputs = p.outputs(bottom), p.channels(bottom) // p.group
        bias = (Weight((outputs,), p.bias_filler),) if p.bias_term else ()
        return (Weight((outputs, inputs, *p.window(bottom).kernel), p.weight_filler), *bias)

    def multiplications(self, *bottoms: Shape) -> int:
        taps = count(self.weights(*bottoms)[0].shape[1:])
        return sum(map(count, self.infer(*bottoms))) * taps

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self.convolution_param.channel_axis(bottoms[0]) > 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        p, bottom = self.convolution_param, bottoms[0]
        return ops.convolution.Convolution(
            axis=p.channel_axis(bottom),
            window=p.window(bottom),
            group=p.group,
            bottoms=len(bottoms),
        )
