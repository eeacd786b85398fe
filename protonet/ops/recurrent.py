"""Recurrent layers, unrolled over time (Donahue et al., arXiv:1411.4389).

A sequence may begin at any time step: ``cont`` is 0 there, which clears the state before the step.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

FUSED = 5
"""Steps of a run, on average, from which on torch's kernel is faster than one step at a time."""


def lstm_unit(c: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
    """Return cell and hidden state after one step.

    Args:
        c: Cell state before it, ``(..., H)``.
        gates: What goes into the gates i, f, o and g: ``(..., 4 H)``. (torch: i, f, g, o.)
        cont: 0 where a sequence begins, else 1: ``(..., 1)``.
    """
    i, f, o, g = gates.chunk(4, -1)
    c = cont * f.sigmoid() * c + i.sigmoid() * g.tanh()
    return c, o.sigmoid() * c.tanh()


def runs_of_steps(cont: Tensor) -> list[int]:
    """Return the lengths of the runs of steps: in all streams one begins where any is cleared.

    Args:
        cont: ``(T, N)``, T > 0; on a GPU this waits for it.
    """
    begins = cast("list[int]", ((cont[1:] != 1).any(1).nonzero().flatten() + 1).tolist())  # untyped
    return [end - begin for begin, end in pairwise([0, *begins, len(cont)])]


def lstm_by_steps(
    driven: Sequence[Tensor], keep: Tensor, state: tuple[Tensor, Tensor], recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return ``h`` of all steps, the last ``h`` and the last ``c``.

    Args:
        driven: What the bottoms put into the gates of each step, ``(N, 4 H)``.
        keep: ``(T, N, 1)``.
        state: h and c before the first step, ``(N, H)``.
        recurrent: W_hc.
    """
    h, c = state
    steps: list[Tensor] = []
    for gates, on in zip(driven, keep, strict=True):
        c, h = lstm_unit(c, gates + F.linear(on * h, recurrent), on)
        steps.append(h)
    return torch.stack(steps), h, c


def lstm_by_runs(
    x: Tensor,
    keep: Tensor,
    state: tuple[Tensor, Tensor],
    weights: tuple[Tensor, Tensor, Tensor],
    runs: list[int],
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same as `lstm_by_steps`, a run of steps at a time in torch's own kernel.

    Args:
        x: ``(T, N, D)``.
        keep: ``(T, N, 1)``; only that of a run's first step differs from 1.
        state: h and c before the first step, ``(N, H)``.
        weights: W_xc ``(4 H, D)``, W_hc ``(4 H, H)`` and b_c.
        runs: The lengths of the runs.
    """
    flat = [_as_torchs(weight) for weight in weights]
    flat.append(torch.zeros_like(flat[-1]))  # its second bias
    h, c = (s.unsqueeze(0) for s in state)
    tops: list[Tensor] = []
    for part, on in zip(torch.split(x, runs), torch.split(keep, runs), strict=True):
        # biases, one layer, no dropout, whether for backward, one direction, time before streams
        how = True, 1, 0.0, torch.is_grad_enabled(), False, False
        top, h, c = torch.lstm(part, (on[:1] * h, on[:1] * c), flat, *how)
        tops.append(top)
    return torch.cat(tops) if len(tops) > 1 else tops[0], h.squeeze(0), c.squeeze(0)


def _after(before: Tensor, last: Tensor) -> Tensor:
    """Return the state of all streams; those that the batch had not keep the one before."""
    return torch.cat((last, before[len(last) :])) if len(before) > len(last) else last


def _as_torchs(weight: Tensor) -> Tensor:
    """Return the rows of the gates i, f, o, g in the order i, f, g, o."""
    i, f, o, g = weight.chunk(4)
    return torch.cat((i, f, g, o))


def _beside(x: Tensor, weight: Tensor, static: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return input and weight with x_static and its weight beside them, if there is one."""
    if not static:
        return x, weight
    bottom, static_weight = static
    spread = bottom.flatten(1).expand(len(x), -1, -1)
    return torch.cat((x, spread), 2), torch.cat((weight, static_weight), 1)


class LSTMUnit(nn.Module):
    """One step of an LSTM."""

    def forward(self, c: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
        """Return cell and hidden state, both ``(1, N, H)``.

        Args:
            c: Cell state before the step, ``(1, N, H)``.
            gates: ``(1, N, 4 H)`` in the order i, f, o, g.
            cont: ``(1, N)``.
        """
        return lstm_unit(c, gates, cont.detach().to(c).unsqueeze(-1))


class Recurrent(nn.Module):
    """What LSTM and RNN share: their bottoms, and the state between batches.

    The state is carried over from one forward to the next, without gradient, unless it is exposed
    as bottoms and tops. It starts as 0. A smaller batch has the first streams, and the others keep
    their state; with more streams than ever before all start again.
    """

    h: Tensor | None
    """Hidden state of all streams after the last forward, ``(N, H)``."""
    c: Tensor | None
    """Cell state of all streams of an LSTM after the last forward, ``(N, H)``."""

    def __init__(
        self, num_output: int, *, static: bool, expose_hidden: bool, streams: int = 0
    ) -> None:
        super().__init__()
        self.num_output = num_output
        self.streams = streams
        self.static = static
        self.expose_hidden = expose_hidden
        self.register_buffer("h", None, persistent=False)
        self.register_buffer("c", None, persistent=False)

    def begin(self, state: Tensor | None, x: Tensor) -> Tensor:
        """Return the state ``(N, H)`` of all streams; the first ones are those of ``x``."""
        streams = x.shape[1]
        if state is None or state.shape[0] < streams:
            return x.new_zeros(max(streams, self.streams), self.num_output)
        return state.to(x)

    def carried(self) -> Mapping[str, Tensor]:
        """Return what the next forward starts from."""
        return {name: state for name, state in (("h", self.h), ("c", self.c)) if state is not None}

    def carry(self, states: Mapping[str, Tensor]) -> None:
        """Let the next forward start from what `carried` gave.

        Raises:
            ValueError: It is of another layer.
        """
        shapes = {state.shape for state in states.values()}
        if any(len(shape) != 2 or shape[1] != self.num_output for shape in shapes):  # noqa: PLR2004 # (N, H)
            raise ValueError(f"states {sorted(shapes)} are not (N, {self.num_output})")
        self.h, self.c = states.get("h"), states.get("c")

    def drive(
        self, x: Tensor, static: Sequence[Tensor], weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, ...]:
        """Return what the bottoms put into each step, ``W x + b + W_static x_static``."""
        driven = F.linear(x.flatten(2), weight, bias)
        if static:
            bottom, static_weight = static
            driven = driven + F.linear(bottom.flatten(1), static_weight)
        return driven.unbind(0)


class LSTM(Recurrent):
    """``c = f cont c + i tanh(g)``, ``h = o tanh(c)``; the gates i, f, o are sigmoids."""

    def forward(self, x: Tensor, cont: Tensor, *rest: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return ``h`` of all steps, ``(T, N, H)``.

        With exposed states a tuple: then the last ``h`` and ``c``, ``(1, N, H)``.

        Args:
            x: ``(T, N, ...)``.
            cont: ``(T, N)``.
            rest: x_static ``(N, ...)`` if there is one; h and c ``(1, N, H)`` if they are exposed
                (no gradient); then W_xc ``(4 H, D)``, b_c, W_xc_static if there is x_static, and
                W_hc ``(4 H, H)``.
        """
        static = [rest[0], rest[-2]] if self.static else []
        if self.expose_hidden:
            before = [state.detach()[0] for state in rest[self.static : self.static + 2]]
        else:
            before = [self.begin(self.h, x), self.begin(self.c, x)]
        h, c = (state[: x.shape[1]] for state in before)
        weight, bias = rest[-3 - self.static : -1 - self.static]
        keep = cont.detach().to(x).unsqueeze(-1)
        runs = None if torch.compiler.is_compiling() else runs_of_steps(cont)
        if runs is None or len(x) < FUSED * len(runs):
            driven = self.drive(x, static, weight, bias)
            tops, h, c = lstm_by_steps(driven, keep, (h, c), rest[-1])
        else:
            inputs, weight = _beside(x.flatten(2), weight, static)
            tops, h, c = lstm_by_runs(inputs, keep, (h, c), (weight, rest[-1], bias), runs)
        last = h.detach(), c.detach()
        if self.expose_hidden:
            return tops, *(state.unsqueeze(0) for state in last)
        self.h, self.c = map(_after, before, last)
        return tops


class RNN(Recurrent):
    """``h = tanh(W_hh (cont h) + W_xh x + b_h)``, ``o = tanh(W_ho h + b_o)``."""

    def forward(self, x: Tensor, cont: Tensor, *rest: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return ``o`` of all steps, ``(T, N, H)``.

        With exposed states a tuple: then the last ``h``, ``(1, N, H)``.

        Args:
            x: ``(T, N, ...)``.
            cont: ``(T, N)``.
            rest: x_static ``(N, ...)`` if there is one; h ``(1, N, H)`` if it is exposed (no
                gradient); then W_xh ``(H, D)``, b_h, W_xh_static if there is x_static, W_hh
                ``(H, H)``, W_ho ``(H, H)`` and b_o.
        """
        *weights, recurrent, out_weight, out_bias = rest[-5 - self.static :]
        static = [rest[0], weights[2]] if self.static else []
        before = rest[self.static].detach()[0] if self.expose_hidden else self.begin(self.h, x)
        h = before[: x.shape[1]]
        steps: list[Tensor] = []
        keep = cont.detach().to(x).unsqueeze(-1)
        for driven, on in zip(self.drive(x, static, *weights[:2]), keep, strict=True):
            h = torch.tanh(driven + F.linear(on * h, recurrent))
            steps.append(h)
        tops = torch.tanh(F.linear(torch.stack(steps), out_weight, out_bias))
        if self.expose_hidden:
            return tops, h.detach().unsqueeze(0)
        self.h = _after(before, h.detach())
        return tops
