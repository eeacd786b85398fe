"""Recurrent layers: RNN and LSTM."""

from typing import Annotated, ClassVar

from protonet.layers._recurrent import Recurrence, RecurrentParameter
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, Weight, between, register
from protonet.message.base import Tag
from protonet.shape import Shape


@register
class LSTM(Layer):
    """``c = s(f) cont c + s(i) tanh(g)``, ``h = s(o) tanh(c)`` over T steps, ``s`` the sigmoid.

    x ``(T, N, ...)``, cont ``(T, N)`` (0 begins a sequence), perhaps x_static ``(N, ...)`` -> h
    ``(T, N, H)``. The gates i, f, o, g are ``W_xc x + b_c + W_xc_static x_static + W_hc (cont h)``.
    Weights: W_xc ``(4 H, D)``, b_c ``(4 H)``, W_xc_static ``(4 H, D_static)`` if there is x_static,
    W_hc ``(4 H, H)``. The state is carried over to the next batch, without gradient; streams that a
    smaller batch has not keep theirs. With ``expose_hidden`` it is bottoms h, c and tops h, c
    instead, each ``(1, N, H)`` and without gradient. Caffe: ``lstm_layer.cpp``.

    Differs: torch's LSTM has the gates in the order i, f, g, o, two biases, and starts from 0 every
    time. Where cont is neither 0 nor 1, Caffe's gradient of f is wrong; here it is right.
    """

    bottoms: ClassVar[Arity] = between(2, 5)
    tops: ClassVar[Arity] = between(1, 3)
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    recurrent_param: Annotated[RecurrentParameter, Tag(146)] = RecurrentParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return Recurrence(self.recurrent_param, bottoms, states=2).tops(self.top_count)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p, hidden = self.recurrent_param, self.recurrent_param.num_output
        return (
            *Recurrence(p, bottoms, states=2).weights(4 * hidden),
            Weight((4 * hidden, hidden), p.weight_filler),
        )

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.recurrent_param
        return ops.recurrent.LSTM(
            p.num_output,
            static=Recurrence(p, bottoms, states=2).static is not None,
            expose_hidden=p.expose_hidden,
            streams=bottoms[0][1],
        )


@register
class RNN(Layer):
    """``h = tanh(W_hh (cont h) + W_xh x + b_h + W_static x_static)``, ``o = tanh(W_ho h + b_o)``.

    Bottoms, state and ``expose_hidden`` as LSTM's, but the state is h alone -> o ``(T, N, H)``.
    Weights: W_xh ``(H, D)``, b_h ``(H)``, W_xh_static ``(H, D_static)`` if there is x_static, W_hh
    ``(H, H)``, W_ho ``(H, H)``, b_o ``(H)``. Caffe: ``rnn_layer.cpp``.

    Differs: torch's RNN has no output layer, its top is h.
    """

    bottoms: ClassVar[Arity] = between(2, 4)
    tops: ClassVar[Arity] = between(1, 2)
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((1,))

    recurrent_param: Annotated[RecurrentParameter, Tag(146)] = RecurrentParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return Recurrence(self.recurrent_param, bottoms, states=1).tops(self.top_count)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        p, hidden = self.recurrent_param, self.recurrent_param.num_output
        square = Weight((hidden, hidden), p.weight_filler)
        driven = Recurrence(p, bottoms, states=1).weights(hidden)
        return (*driven, square, square, Weight((hidden,), p.bias_filler))

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.recurrent_param
        return ops.recurrent.RNN(
            p.num_output,
            static=Recurrence(p, bottoms, states=1).static is not None,
            expose_hidden=p.expose_hidden,
            streams=bottoms[0][1],
        )
