"""Loss over pairs of features."""

from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes, same_batch
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape, count


class ContrastiveLossParameter(Message):
    """Parameters of ContrastiveLoss."""

    margin: Annotated[Float, Tag(1)] = 1.0
    legacy_version: Annotated[bool, Tag(2)] = False


@register
class ContrastiveLoss(Layer):
    """``sum (y d^2 + (1 - y) max(margin - d, 0)^2) / (2 N)`` with ``d = |a - b|``.

    y is 0 where the label truncates to 0, else 1.

    ``(N, C)`` or ``(N, C, 1, 1)`` twice, and N labels -> (). With ``legacy_version`` a dissimilar
    pair costs ``max(margin - d^2, 0)``. Hadsell et al., CVPR 2006. Caffe:
    ``contrastive_loss_layer.cpp``.

    Differs from the derivative: for a dissimilar pair within the margin, backward is
    ``-(margin - d) (a - b) / (d + 1e-4) / N``, as in Caffe.
    """

    bottoms: ClassVar[Arity] = exactly(3)
    is_loss: ClassVar[bool] = True
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((2,))

    contrastive_loss_param: Annotated[ContrastiveLossParameter, Tag(105)] = (
        ContrastiveLossParameter()
    )

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        a, b, label = bottoms
        same_batch(a, b)
        for at, bottom in enumerate((a, b)):
            if four_axes(bottom)[2:] != (1, 1):
                raise LayerError(
                    f"bottom {at} of shape {bottom} is neither (N, C) nor (N, C, 1, 1)"
                )
        if count(a) != count(b):
            channels = [four_axes(bottom)[1] for bottom in (a, b)]
            raise LayerError(
                f"features of {channels[0]} and {channels[1]} channels cannot be compared"
            )
        if four_axes(label) != (a[0], 1, 1, 1):
            raise LayerError(f"bottom 2 of shape {label} does not hold {a[0]} labels")
        return ((),)

    @property
    def averages_samples(self) -> bool:
        return True

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.contrastive_loss_param
        return ops.distance_loss.ContrastiveLoss(margin=p.margin, legacy=p.legacy_version)
