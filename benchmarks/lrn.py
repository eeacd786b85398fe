"""LRN across channels, forward and backward, as a ratio to `torch.nn.LocalResponseNorm`.

    python benchmarks/lrn.py

The first LRN of CaffeNet on a batch of 16. Both run in one process, in turn; the figure says how
many times as fast ours is.
"""

import torch
from harness import Work, figure, interleaved, ratio
from torch import Tensor, nn

from protonet.ops.lrn import LRNAcrossChannels

ROUNDS = 41
SHAPE = (16, 96, 27, 27)
BAR = 3.0

FORMATS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def step(norm: nn.Module, x: Tensor, diff: Tensor) -> Work:
    """Return a forward and backward pass."""
    return lambda: torch.autograd.grad(norm(x), x, diff)


def main() -> None:
    """Print the figures."""
    torch.manual_seed(1701)
    ours = LRNAcrossChannels(local_size=5, alpha=0.0001, beta=0.75, k=1.0)
    theirs = nn.LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)
    for name, memory_format in FORMATS.items():
        x, diff = (torch.randn(SHAPE).to(memory_format=memory_format) for _ in range(2))
        x.requires_grad_(True)
        ways = {"ours": step(ours, x, diff), "theirs": step(theirs, x, diff)}
        value = ratio(interleaved(ways, ROUNDS), "theirs", "ours")
        figure(f"lrn_speed_vs_plain_torch_{name}", value, BAR, at_least=True)


if __name__ == "__main__":
    main()
