"""The largest values and where they are."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, axis_of, register
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.shape import Shape, count


class ArgMaxParameter(Message):
    """Parameters of ArgMax."""

    out_max_val: Annotated[bool, Tag(1)] = False
    top_k: Annotated[UInt32, Tag(2)] = 1
    axis: Annotated[Int32 | None, Tag(3)] = None


@register
class ArgMax(Layer):
    """The ``top_k`` largest values, as indices in floating point. No gradient.

    With ``axis`` the top has ``top_k`` there and holds indices, or the values with ``out_max_val``.
    Without, each sample is flattened: ``(N, ...)`` -> ``(N, 1, top_k)``, or ``(N, 2, top_k)`` with
    ``out_max_val``, indices first, with 1s up to the bottom's number of axes. Caffe:
    ``argmax_layer.cpp``.

    Differs from ``torch.topk``: of equal values the larger index comes first.
    """

    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((0,))

    argmax_param: Annotated[ArgMaxParameter, Tag(103)] = ArgMaxParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (bottom,) = bottoms
        p, axis = self.argmax_param, self._axis(bottom)
        if not bottom:
            raise LayerError("the bottom has no axes")
        values = count(bottom[1:]) if axis is None else bottom[axis]
        if not 1 <= p.top_k <= values:
            raise LayerError(
                f"`top_k` {p.top_k} is not among the {values} values of a bottom of shape {bottom}",
                field=("argmax_param", "top_k"),
            )
        if axis is not None:
            return ((*bottom[:axis], p.top_k, *bottom[axis + 1 :]),)
        return ((bottom[0], 1 + p.out_max_val, p.top_k, *(1,) * (len(bottom) - 3)),)

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        return self._axis(bottoms[0]) != 0

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.argmax_param
        return ops.accuracy.ArgMax(
            top_k=p.top_k, out_max_val=p.out_max_val, axis=self._axis(bottoms[0])
        )

    def _axis(self, bottom: Shape) -> int | None:
        axis = self.argmax_param.axis
        return None if axis is None else axis_of(axis, bottom, "argmax_param", "axis")
