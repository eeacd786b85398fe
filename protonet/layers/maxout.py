"""Maxima over runs of channels."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape


class MaxoutParameter(Message):
    """Parameters of Maxout."""

    chgroup_sz: Annotated[UInt32, Tag(1)] = 1


@register
class Maxout(Layer):
    """The maximum of each run of ``chgroup_sz`` channels; the gradient goes to the first of equals.

    ``(N, C, ...)`` -> ``(N, C / chgroup_sz, ...)``. Goodfellow et al., arXiv:1302.4389. Message as
    in nyamnyam7's fork, whose 998 is 50998 here: ``maxout_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    maxout_param: Annotated[MaxoutParameter, Tag(50998)] = MaxoutParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        size = self.maxout_param.chgroup_sz
        if len(bottom) < 2 or not size or bottom[1] % size:  # noqa: PLR2004 # batch and channels
            raise LayerError(
                f"`chgroup_sz` {size} does not divide the channels of a bottom of shape {bottom}",
                field=("maxout_param", "chgroup_sz"),
            )
        return ((bottom[0], bottom[1] // size, *bottom[2:]),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.activation.Maxout(self.maxout_param.chgroup_sz)
