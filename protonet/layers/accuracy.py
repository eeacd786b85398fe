"""Accuracy of a classification."""

from typing import Annotated, ClassVar

from protonet.layers._checks import one_label_each
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, between, exactly, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.shape import Shape, count


class AccuracyParameter(Message):
    """Parameters of Accuracy."""

    top_k: Annotated[UInt32, Tag(1)] = 1
    axis: Annotated[Int32, Tag(2)] = 1
    ignore_label: Annotated[Int32 | None, Tag(3)] = None


@register
class Accuracy(Layer):
    """Share of the labels whose score ranks among the best ``top_k`` of their classes.

    ``(N, C, ...)`` and N x ... labels -> (); a second top gets the share for each class, ``(C)``.
    What nothing counts in is 0. No gradient. Caffe: ``accuracy_layer.cpp``.

    Differs from ``torch.topk``: a score equal to the label's counts against it, so equal scores
    give 0; if the label's own score is NaN, it counts as a hit.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    tops: ClassVar[Arity] = between(1, 2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((0, 1))

    accuracy_param: Annotated[AccuracyParameter, Tag(102)] = AccuracyParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scores, label = bottoms
        axis = self._axis(scores)
        one_label_each(count((*scores[:axis], *scores[axis + 1 :])), scores, label)
        if self.accuracy_param.top_k > scores[axis]:
            raise LayerError(
                f"`top_k` {self.accuracy_param.top_k} is more than the {scores[axis]} classes",
                field=("accuracy_param", "top_k"),
            )
        return ((), (scores[axis],))[: self.top_count]

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.accuracy_param
        return ops.accuracy.Accuracy(
            axis=self._axis(bottoms[0]),
            top_k=p.top_k,
            ignore_label=p.ignore_label,
            per_class=self.top_count > 1,
        )

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.accuracy_param.axis, bottom, "accuracy_param", "axis")
