"""Softmax and its cross entropy with class labels."""

from typing import Annotated, ClassVar

from protonet.layers._checks import is_mean_over_samples, one_label_each, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, axis_of, between, exactly, register
from protonet.message.base import Tag
from protonet.message.common import LossParameter, SoftmaxParameter
from protonet.shape import Shape, count

_Mode = LossParameter.NormalizationMode


@register
class SoftmaxWithLoss(Layer):
    """``-sum log p[label] / normalizer`` with ``p = softmax(x)`` along ``softmax_param.axis``.

    ``(N, C, ...)`` and N x ... labels -> (); a second top gets ``p``, without gradient. The
    normalizer counts the labels that are not ignored (VALID, the default), all (FULL), the extents
    before the axis (BATCH_SIZE) or is 1 (NONE); never below 1. Caffe: ``softmax_loss_layer.cpp``.

    Differs: torch's cross entropy has no upper bound; here a term is at most ``-log FLT_MIN`` =
    87.3365, with the gradient ``p - 1_label`` all the same. Without valid labels it is 0, not NaN.
    A label out of range, which Caffe reads beyond the blob, is an error. Beyond Caffe:
    ``label_smoothing: s`` makes a term ``(1 - s) * -log p[label] + s * mean of -log p``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    tops: ClassVar[Arity] = between(1, 2)
    is_loss: ClassVar[bool] = True
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    loss_param: Annotated[LossParameter, Tag(101)] = LossParameter()
    softmax_param: Annotated[SoftmaxParameter, Tag(125)] = SoftmaxParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scores, label = bottoms
        if not 0 <= self.loss_param.label_smoothing <= 1:
            raise LayerError(
                f"`label_smoothing` is {self.loss_param.label_smoothing:g}, but it is a part of 1",
                field=("loss_param", "label_smoothing"),
            )
        axis = self._axis(scores)
        same_batch(scores, label)
        one_label_each(count((*scores[:axis], *scores[axis + 1 :])), scores, label)
        return ((), scores)[: self.top_count]

    @property
    def averages_samples(self) -> bool:
        of_samples = self.softmax_param.axis > 0
        return of_samples and is_mean_over_samples(self._normalization(), self.loss_param)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.loss.SoftmaxWithLoss(
            axis=self._axis(bottoms[0]),
            normalization=self._normalization(),
            ignore_label=self.loss_param.ignore_label,
            prob=self.top_count > 1,
            label_smoothing=self.loss_param.label_smoothing,
        )

    def _axis(self, bottom: Shape) -> int:
        return axis_of(self.softmax_param.axis, bottom, "softmax_param", "axis")

    def _normalization(self) -> LossParameter.NormalizationMode:
        p = self.loss_param
        if p.has("normalize") and not p.has("normalization"):  # the older field counts alone
            return _Mode.VALID if p.normalize else _Mode.BATCH_SIZE
        return p.normalization
