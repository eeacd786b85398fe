"""LSTM through torch's sequence kernel, as a ratio to one step at a time.

    python benchmarks/lstm.py

Forward and backward over 32 steps of 16 streams, 256 inputs and 256 outputs, by the two functions
that `LSTM` chooses from; in one process, in turn. "restarts": every 8 steps all sequences begin
anew.
"""

import torch
from harness import Work, figure, interleaved, ratio
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.recurrent import lstm_by_runs, lstm_by_steps, runs_of_steps

ROUNDS = 41
STEPS, STREAMS, INPUTS, OUTPUTS = 32, 16, 256, 256
BAR = 1.0


def weights() -> tuple[Tensor, Tensor, Tensor]:
    """Return W_xc, W_hc and b_c."""
    scale = OUTPUTS**-0.5
    shapes = (4 * OUTPUTS, INPUTS), (4 * OUTPUTS, OUTPUTS), (4 * OUTPUTS,)
    w, u, b = ((scale * torch.randn(shape)).requires_grad_(True) for shape in shapes)
    return w, u, b


def both(cont: Tensor) -> dict[str, Work]:
    """Return a forward and backward pass each way."""
    x = torch.randn(STEPS, STREAMS, INPUTS, requires_grad=True)
    diff = torch.randn(STEPS, STREAMS, OUTPUTS)
    w, u, b = weights()
    zeros = torch.zeros(STREAMS, OUTPUTS)
    keep = cont.unsqueeze(-1)

    def backward(h: Tensor) -> None:
        torch.autograd.grad(h, (x, w, u, b), diff)

    def by_runs() -> None:
        runs = runs_of_steps(cont)
        backward(lstm_by_runs(x, keep, (zeros, zeros), (w, u, b), runs)[0])

    def by_steps() -> None:
        driven = F.linear(x, w, b).unbind(0)
        backward(lstm_by_steps(driven, keep, (zeros, zeros), u)[0])

    return {"runs": by_runs, "steps": by_steps}


def main() -> None:
    """Print the figures."""
    torch.manual_seed(1701)
    cont = torch.ones(STEPS, STREAMS)
    figure("lstm_vs_by_steps", ratio(interleaved(both(cont), ROUNDS), "runs", "steps"), BAR)
    cont[::8] = 0
    rounds = interleaved(both(cont), ROUNDS)
    figure("lstm_restarts_vs_by_steps", ratio(rounds, "runs", "steps"), BAR)


if __name__ == "__main__":
    main()
