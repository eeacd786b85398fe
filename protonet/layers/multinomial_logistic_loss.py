"""Cross entropy of probabilities with class labels."""

from typing import ClassVar

from protonet.layers._checks import four_axes, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape


@register
class MultinomialLogisticLoss(Layer):
    """``-sum log max(p[label], 1e-20) / N``.

    ``(N, ...)`` probabilities and N labels -> (); all axes but the first are classes. Caffe:
    ``multinomial_logistic_loss_layer.cpp``.

    Differs: the gradient is ``-1 / (N max(p, 1e-20))``, also where the bound holds.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        probabilities, label = bottoms
        same_batch(probabilities, label)
        four_axes(probabilities)
        if four_axes(label)[1:] != (1, 1, 1):
            raise LayerError(f"bottom 1 of shape {label} does not hold one label an item")
        return ((),)

    @property
    def averages_samples(self) -> bool:
        return True

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.loss.MultinomialLogisticLoss()
