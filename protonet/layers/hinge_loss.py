"""One class against the rest."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes, one_label_each, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, exactly, register
from protonet.message.base import Message, Tag
from protonet.shape import Shape


class HingeLossParameter(Message):
    """Parameters of HingeLoss."""

    class Norm(IntEnum):
        """Whether margins are summed or their squares."""

        L1 = 1
        L2 = 2

    norm: Annotated[Norm, Tag(1)] = Norm.L1


@register
class HingeLoss(Layer):
    """``sum max(0, 1 - s x)^norm / N``; s is 1 at the label and -1 at every other class.

    ``(N, ...)`` and N labels -> (); all axes but the first are classes. Caffe:
    ``hinge_loss_layer.cpp``.

    Differs: torch's MultiMarginLoss compares each class with the label's score.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    hinge_loss_param: Annotated[HingeLossParameter, Tag(114)] = HingeLossParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scores, label = bottoms
        same_batch(scores, label)
        four_axes(scores)
        one_label_each(scores[0], scores, label)
        return ((),)

    @property
    def averages_samples(self) -> bool:
        return True

    def build(self, *bottoms: Shape) -> "nn.Module":
        squared = self.hinge_loss_param.norm == HingeLossParameter.Norm.L2
        return ops.loss.HingeLoss(squared=squared)
