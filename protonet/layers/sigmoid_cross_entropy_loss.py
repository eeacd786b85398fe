"""Cross entropy of independent probabilities."""

from typing import Annotated, ClassVar

from protonet.layers._checks import is_mean_over_samples, no_smoothing, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Tag
from protonet.message.common import LossParameter
from protonet.shape import Shape, count

_Mode = LossParameter.NormalizationMode


@register
class SigmoidCrossEntropyLoss(Layer):
    """``-sum (t log s(x) + (1 - t) log(1 - s(x))) / normalizer`` with ``s`` the sigmoid.

    ``(N, ...)`` scores and as many targets in 0 .. 1 -> (). A target that truncates to
    ``ignore_label`` (0.4 to 0) is left out. Caffe: ``sigmoid_cross_entropy_loss_layer.cpp``.

    Differs: the normalizer is N unless told otherwise, where torch's BCEWithLogitsLoss has the
    count.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    loss_param: Annotated[LossParameter, Tag(101)] = LossParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        scores, target = bottoms
        no_smoothing(self.loss_param)
        same_batch(scores, target)
        if count(scores) != count(target):
            raise LayerError(
                f"bottoms of shapes {scores} and {target} do not hold the same number of values"
            )
        return ((),)

    @property
    def averages_samples(self) -> bool:
        return is_mean_over_samples(self._normalization(), self.loss_param)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.loss.SigmoidCrossEntropyLoss(
            normalization=self._normalization(), ignore_label=self.loss_param.ignore_label
        )

    def _normalization(self) -> LossParameter.NormalizationMode:
        p = self.loss_param
        if p.has("normalization"):
            return p.normalization
        return _Mode.VALID if p.normalize else _Mode.BATCH_SIZE
