"""Recurrent layers whose sequences begin where ``cont`` is 0."""

import torch
from torch import Tensor, nn


def lstm_unit(c: Tensor, gates: Tensor, cont: Tensor) -> tuple[Tensor, Tensor]:
    """Return cell and hidden state after a step; Caffe's gates are i, f, o, g."""
    i, f, o, g = gates.chunk(4, -1)
    c = cont * f.sigmoid() * c + i.sigmoid() * g.tanh()
    return c, o.sigmoid() * c.tanh()


def begun(state: Tensor | None, x: Tensor, streams: int, hidden: int) -> Tensor:
    """Return the state (1, N, H) to go on from; zeros if x has more streams."""
    if state is None or state.shape[1] < x.shape[1]:
        return x.new_zeros(1, max(x.shape[1], streams), hidden)
    return state


class LSTM(nn.Module):
    """Hidden states (T, N, H) of x (T, N, ...) and cont (T, N), perhaps of x_static.

    The state goes on from call to call; not in an exported graph. Streams that a batch
    leaves out keep theirs.
    """

    state: tuple[Tensor, Tensor] | None = None

    def __init__(
        self, size: int, hidden: int, static: int = 0, *, streams: int = 1
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.streams = streams
        self.input = nn.Linear(size, 4 * hidden)
        self.static = nn.Linear(static, 4 * hidden, bias=False) if static else None
        self.recurrent = nn.Linear(hidden, 4 * hidden, bias=False)

    def forward(
        self, x: Tensor, cont: Tensor, x_static: Tensor | None = None
    ) -> Tensor:
        n, before = x.shape[1], self.state or (None, None)
        h, c = (begun(state, x, self.streams, self.hidden) for state in before)
        top, *last = self.steps(x, cont, h[:, :n], c[:, :n], x_static)
        if not torch.compiler.is_compiling():
            self.state = (
                torch.cat((last[0], h[:, n:]), 1),
                torch.cat((last[1], c[:, n:]), 1),
            )
        return top

    def steps(
        self,
        x: Tensor,
        cont: Tensor,
        h: Tensor,
        c: Tensor,
        x_static: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        gates = self.input(x.flatten(2))
        if self.static is not None and x_static is not None:
            gates = gates + self.static(x_static.flatten(1))
        h, c = h[0].detach(), c[0].detach()
        tops: list[Tensor] = []
        for gate, on in zip(gates.unbind(0), cont[..., None].unbind(0), strict=True):
            c, h = lstm_unit(c, gate + self.recurrent(on * h), on)
            tops.append(h)
        return torch.stack(tops), h.detach()[None], c.detach()[None]


class RNN(nn.Module):
    """Outputs (T, N, H) of x (T, N, ...) and cont (T, N), perhaps of x_static.

    The state goes on from call to call; not in an exported graph. Streams that a batch
    leaves out keep theirs.
    """

    state: Tensor | None = None

    def __init__(
        self, size: int, hidden: int, static: int = 0, *, streams: int = 1
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.streams = streams
        self.input = nn.Linear(size, hidden)
        self.static = nn.Linear(static, hidden, bias=False) if static else None
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        self.output = nn.Linear(hidden, hidden)

    def forward(
        self, x: Tensor, cont: Tensor, x_static: Tensor | None = None
    ) -> Tensor:
        n, h = x.shape[1], begun(self.state, x, self.streams, self.hidden)
        top, last = self.steps(x, cont, h[:, :n], x_static)
        if not torch.compiler.is_compiling():
            self.state = torch.cat((last, h[:, n:]), 1)
        return top

    def steps(
        self, x: Tensor, cont: Tensor, h: Tensor, x_static: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        driven = self.input(x.flatten(2))
        if self.static is not None and x_static is not None:
            driven = driven + self.static(x_static.flatten(1))
        h = h[0].detach()
        hidden: list[Tensor] = []
        for step, on in zip(driven.unbind(0), cont[..., None].unbind(0), strict=True):
            h = torch.tanh(step + self.recurrent(on * h))
            hidden.append(h)
        return torch.tanh(self.output(torch.stack(hidden))), h.detach()[None]
