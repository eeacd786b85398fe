"""Bilinear pooling."""

# torch.fft has no types.
# pyright: reportUnknownVariableType=false

import torch
from torch import Tensor, nn


def bilinear_pool(a: Tensor, b: Tensor) -> Tensor:
    """Return the outer products of two feature maps, summed over positions."""
    return (a.flatten(2) @ b.flatten(2).mT).flatten(1)[:, :, None, None]


class CompactBilinear(nn.Module):
    """The outer products of two feature maps in ``bins`` bins, by two count sketches.

    Gao et al., arXiv:1511.06062; ``bins`` times as large, as in Caffe's fork.
    """

    bins1: Tensor
    sign1: Tensor
    bins2: Tensor
    sign2: Tensor

    def __init__(self, first: int, second: int, bins: int) -> None:
        super().__init__()
        self.bins = bins
        self.register_buffer("bins1", torch.zeros(first, dtype=torch.long))
        self.register_buffer("sign1", torch.zeros(first))
        self.register_buffer("bins2", torch.zeros(second, dtype=torch.long))
        self.register_buffer("sign2", torch.zeros(second))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        bins = (self.bins1[:, None] + self.bins2) % self.bins
        gram = (a.flatten(2) @ b.flatten(2).mT) * (self.sign1[:, None] * self.sign2)
        places = bins.flatten().expand(a.shape[0], -1)
        top = a.new_zeros(a.shape[0], self.bins).scatter_add(1, places, gram.flatten(1))
        return (self.bins * top)[:, :, None, None]


class CompactBilinearMap(nn.Module):
    """The outer product of two feature maps at each position, by two count sketches.

    Gao et al., arXiv:1511.06062; ``bins`` times as large, as in Caffe's fork.
    """

    bins1: Tensor
    sign1: Tensor
    bins2: Tensor
    sign2: Tensor

    def __init__(self, first: int, second: int, bins: int) -> None:
        super().__init__()
        self.bins = bins
        self.register_buffer("bins1", torch.zeros(first, dtype=torch.long))
        self.register_buffer("sign1", torch.zeros(first))
        self.register_buffer("bins2", torch.zeros(second, dtype=torch.long))
        self.register_buffer("sign2", torch.zeros(second))

    def spectrum(self, x: Tensor, bins: Tensor, sign: Tensor) -> Tensor:
        sketch = x.new_zeros(x.shape[0], self.bins, *x.shape[2:])
        sketch = sketch.index_add(1, bins, x * sign[:, None, None])
        return torch.fft.rfft(sketch, dim=1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        product = self.spectrum(a, self.bins1, self.sign1)
        product = product * self.spectrum(b, self.bins2, self.sign2)
        return torch.fft.irfft(product, n=self.bins, dim=1, norm="forward")


def signed_sqrt(x: Tensor) -> Tensor:
    """``sign(x) sqrt(|x|)``; its gradient at 0 is not finite, the fork's is."""
    return x.sign() * x.abs().sqrt()
