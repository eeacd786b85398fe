"""Vectors for the words of a vocabulary."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, Weight, register
from protonet.message.base import Message, Tag, UInt32
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class EmbedParameter(Message):
    """Parameters of Embed."""

    num_output: Annotated[UInt32 | None, Tag(1)] = None
    input_dim: Annotated[UInt32 | None, Tag(2)] = None
    bias_term: Annotated[bool, Tag(3)] = True
    weight_filler: Annotated[FillerParameter, Tag(4)] = FillerParameter()
    bias_filler: Annotated[FillerParameter, Tag(5)] = FillerParameter()


@register
class Embed(Layer):
    """``y = W[x] + b``: row numbers of any shape -> ``(*shape, num_output)``.

    Weights: W ``(input_dim, num_output)``, b ``(num_output)``. No gradient to the bottom.
    Caffe: ``embed_layer.cpp``.

    Differs: a number that is no row, which Caffe reads beyond the blob, is an error.
    """

    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((0,))
    mixes_samples: ClassVar[bool] = False

    embed_param: Annotated[EmbedParameter, Tag(137)] = EmbedParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p = self.embed_param
        for name, given in (("num_output", p.num_output), ("input_dim", p.input_dim)):
            if not given:
                raise LayerError(
                    f"`{name}` is {'not set' if given is None else given}",
                    field=("embed_param", name),
                )
        return ((*bottoms[0], p.num_output or 0),)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p = self.embed_param
        table = Weight((p.input_dim or 0, p.num_output or 0), p.weight_filler)
        return (table, Weight((p.num_output or 0,), p.bias_filler)) if p.bias_term else (table,)

    def multiplications(self, *bottoms: Shape) -> int:
        return 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.reshaping.Embed()
