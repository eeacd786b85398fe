"""One step of an LSTM."""

from typing import ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.shape import Shape


@register
class LSTMUnit(Layer):
    """``c' = s(f) cont c + s(i) tanh(g)``, ``h = s(o) tanh(c')`` with ``s`` the sigmoid.

    c ``(1, N, H)``, the gates i, f, o, g ``(1, N, 4 H)``, cont ``(1, N)`` -> c' and h, ``(1, N,
    H)``. Hochreiter and Schmidhuber, Neural Computation 1997. Caffe: ``lstm_unit_layer.cpp``.

    Differs: torch's LSTMCell has the gates in the order i, f, g, o. Where cont is neither 0 nor 1,
    Caffe's gradient of f is wrong; here it is right.
    """

    bottoms: ClassVar[Arity] = exactly(3)
    tops: ClassVar[Arity] = exactly(2)
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((2,))

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        c, gates, cont = bottoms
        if len(c) != 3 or c[0] != 1:  # noqa: PLR2004 # (1, N, H)
            raise LayerError(f"bottom 0 of shape {c} is no cell state (1, N, H)")
        _, streams, hidden = c
        if gates != (1, streams, 4 * hidden):
            raise LayerError(f"bottom 1 of shape {gates} is not {(1, streams, 4 * hidden)}")
        if cont != (1, streams):
            raise LayerError(f"bottom 2 of shape {cont} is not {(1, streams)}")
        return (c, c)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.recurrent.LSTMUnit()
