"""Cross entropy with a price for each pair of classes."""

from typing import Annotated, ClassVar

from protonet.layers._checks import (
    is_mean_over_samples,
    no_smoothing,
    one_label_each,
    same_batch,
)
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, between, register
from protonet.message.base import Int32, Message, Tag
from protonet.message.common import LossParameter
from protonet.shape import Shape, count


class InfogainLossParameter(Message):
    """Parameters of InfogainLoss."""

    source: Annotated[str, Tag(1)] = ""
    axis: Annotated[Int32, Tag(2)] = 1


@register
class InfogainLoss(Layer):
    """``-sum_l H[label, l] log max(p_l, 1e-20) / normalizer``, ``p = softmax(x)`` along ``axis``.

    ``(N, K, ...)``, N x ... labels and perhaps H, K x K values -> (); a second top gets ``p``,
    without gradient. Without a third bottom H is read from ``source``, a ``.binaryproto``. Caffe:
    ``infogain_loss_layer.cpp``.

    Differs: ``log p`` is bounded, its gradient is not. Before 2017 Caffe took probabilities, not
    scores.
    """

    bottoms: ClassVar[Arity] = between(2, 3)
    tops: ClassVar[Arity] = between(1, 2)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1, 2))

    loss_param: Annotated[LossParameter, Tag(101)] = LossParameter()
    infogain_loss_param: Annotated[InfogainLossParameter, Tag(116)] = InfogainLossParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scores, label, *matrix = bottoms
        no_smoothing(self.loss_param)
        if self.loss_param.has("normalize"):
            raise LayerError(
                "InfogainLoss has no `normalize`",
                help="use `normalization`: VALID is `normalize: true`, BATCH_SIZE is false",
                field=("loss_param", "normalize"),
            )
        axis = self._axis(scores)
        same_batch(scores, label)
        one_label_each(count((*scores[:axis], *scores[axis + 1 :])), scores, label)
        self._check_matrix(matrix, scores[axis])
        return ((), scores)[: self.top_count]

    @property
    def averages_samples(self) -> bool:
        return is_mean_over_samples(self.loss_param.normalization, self.loss_param)

    def build(self, *bottoms: Shape) -> "nn.Module":
        axis = self._axis(bottoms[0])
        return ops.loss.InfogainLoss(
            axis=axis,
            classes=bottoms[0][axis],
            normalization=self.loss_param.normalization,
            ignore_label=self.loss_param.ignore_label,
            prob=self.top_count > 1,
            source="" if bottoms[2:] else self.infogain_loss_param.source,
        )

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.infogain_loss_param.axis, bottom, "infogain_loss_param", "axis")

    def _check_matrix(self, matrix: list[Shape], classes: int) -> None:
        if not matrix and not self.infogain_loss_param.source:
            raise LayerError(
                "there is no infogain matrix",
                help="name its file by `infogain_loss_param { source: ... }`, or add a bottom",
            )
        if matrix and count(matrix[0]) != classes**2:
            raise LayerError(
                f"bottom 2 of shape {matrix[0]} is no matrix of {classes} x {classes} classes"
            )
