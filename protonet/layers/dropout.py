"""Dropout."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class DropoutParameter(Message):
    """Parameters of Dropout."""

    dropout_ratio: Annotated[Float, Tag(1)] = 0.5


@register
class Dropout(Layer):
    """TRAIN: 0 with probability r = ``dropout_ratio``, else ``x / (1 - r)``; TEST: ``x``.

    Any shape. Srivastava et al., JMLR 2014. Caffe: ``dropout_layer.cpp``.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    shares_bottom: ClassVar[bool] = True

    dropout_param: Annotated[DropoutParameter, Tag(108)] = DropoutParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        ratio = self.dropout_param.dropout_ratio
        if not 0 <= ratio < 1:
            raise LayerError(
                f"`dropout_ratio` {ratio:g} must be at least 0 and below 1",
                field=("dropout_param", "dropout_ratio"),
            )
        return bottoms

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return not training

    def build(self, *bottoms: Shape) -> "nn.Module":
        return nn.Dropout(self.dropout_param.dropout_ratio)
