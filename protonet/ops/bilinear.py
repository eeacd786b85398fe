"""Bilinear pooling, its compact form (Gao et al., arXiv:1511.06062), and what follows it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from protonet.ops._apply import apply
from protonet.ops.glibc import rand
from protonet.ops.reshaping import legacy_shape

AT_ONCE = 2**20
"""Floats of Gram matrices, or of sketches, that are made at once: those of one image at least."""


class Bilinear(nn.Module):
    """``sum_hw a b^T``: the outer products of two feature maps, summed over positions."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return ``(N, C1 C2, 1, 1)`` of ``(N, C1, H, W)`` and ``(N, C2, H, W)``."""
        gram = positions(a) @ positions(b).transpose(1, 2)
        return gram.flatten(1)[:, :, None, None]


class CompactBilinear(nn.Module):
    """The outer products of two feature maps, projected to ``num_output`` bins.

    Two count sketches: entry (i, j) goes into bin ``(h1_i + h2_j) mod D`` with the sign ``s1_i
    s2_j``. The result is D times the textbook's: Caffe's inverse FFT is not normalised.
    """

    bins: Tensor
    """Bin of each entry of the outer product, ``(C1 C2)``; D is added where the sign is -1."""

    def __init__(self, *, channels: tuple[int, int], num_output: int, sum_pool: bool) -> None:
        super().__init__()
        self.num_output = num_output
        self.sum_pool = sum_pool
        first, second = sketches(channels, num_output)
        bins = (first.bins[:, None] + second.bins) % num_output
        bins += num_output * (first.sign[:, None] != second.sign)
        self.register_buffer("bins", bins.flatten(), persistent=False)
        self._sketches = first, second

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return ``(N, D, 1, 1)`` summed over positions, else ``(N, D, H, W)``.

        Args:
            a: ``(N, C1, H, W)``.
            b: ``(N, C2, H, W)``; may be ``a``.
        """
        if self.sum_pool:
            return apply(_PooledSketch, a, b, self.bins, self.num_output)[:, :, None, None]
        n, _, height, width = legacy_shape(a)
        rows = (positions(x).transpose(1, 2).flatten(0, 1) for x in (a, b))
        top = apply(_RowSketch, *rows, *(sketch.beside(a) for sketch in self._sketches))
        return top.reshape(n, height, width, self.num_output).permute(0, 3, 1, 2)


class CountSketch(NamedTuple):
    """Channel i goes into bin ``bins[i]`` of ``num_output`` with the sign ``sign[i]``."""

    bins: Tensor
    sign: Tensor
    num_output: int

    def beside(self, x: Tensor) -> "CountSketch":
        """Return it on the device of ``x``, in its type."""
        return CountSketch(self.bins.to(x.device), self.sign.to(x), self.num_output)

    def spectrum(self, x: Tensor) -> Tensor:
        """Return the Fourier transform of the sketch of each row, ``(rows, D // 2 + 1)``.

        Args:
            x: ``(rows, C)``.
        """
        sketch = x.new_zeros(len(x), self.num_output)
        return _rfft(sketch.index_add_(1, self.bins, x * self.sign))

    def transposed(self, spectrum: Tensor) -> Tensor:
        """Return what goes back to the channels from the bins, ``(rows, C)``; unnormalised."""
        return _irfft(spectrum, self.num_output).index_select(1, self.bins).mul_(self.sign)


class _PooledSketch(torch.autograd.Function):
    """Sum over positions first: the Gram matrix of two feature maps, scattered into bins.

    Exact, where the FFT leaves noise in bins that nothing hits, and far cheaper than a sketch at
    each position (docs/performance.md). The Gram matrices of some images are written over by the
    next ones'. Bins are filled and read one image at a time: torch would share longer work out to
    threads, which on a busy machine wait for each other.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, bins: Tensor, num_output: int) -> Tensor:
        ctx.save_for_backward(a, b, bins)
        ctx.same = a is b
        top = a.new_empty(len(a), num_output)
        gram = _gram(a, b)
        for x, y, out in _parts(len(gram), positions(a), positions(b), top):
            some = _product(x, y.mT, num_output, out=gram[: len(x)])
            for entries, row in zip(some.flatten(1), out, strict=True):
                plus, minus = row.new_zeros(2 * num_output).index_add_(0, bins, entries).chunk(2)
                torch.sub(plus, minus, out=row)
        return top

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, diff: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's own is `*grad_outputs`
        a, b, bins = ctx.saved_tensors
        maps = positions(a), positions(b)
        to_a, to_b = (_diff_of(x) for x in maps)
        gram = _gram(a, b)
        both = torch.empty_like(gram) if ctx.same else gram
        for out, x, y, to_x, to_y in _parts(len(gram), diff, *maps, to_a, to_b):
            some = gram[: len(x)]
            for entries, row in zip(torch.split(some.flatten(1), 1), out, strict=True):
                signed = torch.cat((row, -row))
                torch.index_select(signed[None], 1, bins, out=entries)
            factor = diff.shape[1]
            if ctx.same:  # both diffs in one product
                _product(torch.add(some, some.mT, out=both[: len(x)]), x, factor, out=to_x)
            else:
                _product(some, y, factor, out=to_x)
                _product(some.mT, x, factor, out=to_y)
        return to_a.view(a.shape), None if ctx.same else to_b.view(b.shape), None, None


def _product(left: Tensor, right: Tensor, factor: int, *, out: Tensor) -> Tensor:
    """Write ``factor left right`` into ``out``, which is far slower where rows lie apart."""
    if out.is_contiguous():
        return torch.baddbmm(out, left, right, beta=0, alpha=factor, out=out)
    return _product(right.mT, left.mT, factor, out=out.mT).mT


def _diff_of(x: Tensor) -> Tensor:
    """Return memory for the diff of a map, with the channels innermost if they are there."""
    n, channels, places = x.shape
    if x.stride(1) == 1:
        return x.new_empty(n, places, channels).mT
    return x.new_empty(n, channels, places)


def _gram(a: Tensor, b: Tensor) -> Tensor:
    """Return memory for the Gram matrices of some images, or of one."""
    number = max(1, AT_ONCE // (a.shape[1] * b.shape[1]))
    return a.new_empty(min(len(a), number), a.shape[1], b.shape[1])


class _RowSketch(torch.autograd.Function):
    """The count sketches of two rows, convolved: ``irfft(rfft(S1 x) rfft(S2 y))``, unnormalised.

    What is as long as the top is made for some rows at a time, and again for the backward.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, first: CountSketch, second: CountSketch) -> Tensor:
        ctx.save_for_backward(a, b)
        ctx.sketches = first, second
        top = a.new_empty(len(a), first.num_output)
        for x, y, out in _parts(max(1, AT_ONCE // first.num_output), a, b, top):
            product = first.spectrum(x).mul_(second.spectrum(y))
            out.copy_(_irfft(product, first.num_output))
        return top

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, diff: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's own is `*grad_outputs`
        a, b = ctx.saved_tensors
        first, second = ctx.sketches
        to_a, to_b = torch.empty_like(a), torch.empty_like(b)
        for out, x, y, to_x, to_y in _parts(
            max(1, AT_ONCE // diff.shape[1]), diff, a, b, to_a, to_b
        ):
            spectrum = _rfft(out)
            to_x.copy_(first.transposed(second.spectrum(y).conj() * spectrum))
            to_y.copy_(second.transposed(first.spectrum(x).conj() * spectrum))
        return to_a, to_b, None, None


def _parts(number: int, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield the same rows of all tensors, so many at a time; of an empty batch nothing."""
    if len(tensors[0]):
        yield from zip(*(torch.split(tensor, number) for tensor in tensors), strict=True)


def _rfft(x: Tensor) -> Tensor:
    return cast("Tensor", torch.fft.rfft(x, dim=1))  # untyped


def _irfft(spectrum: Tensor, length: int) -> Tensor:
    """Return ``length`` times the inverse transform."""
    return cast("Tensor", torch.fft.irfft(spectrum, n=length, dim=1, norm="forward"))  # untyped


def positions(x: Tensor) -> Tensor:
    """Return ``(N, C, H W)``."""
    return x.reshape(legacy_shape(x)).flatten(2)


def sketches(channels: tuple[int, int], num_output: int) -> tuple[CountSketch, CountSketch]:
    """Return both count sketches, drawn by ``rand()`` after ``srand(1)``."""
    numbers = rand(1)

    def draw(count: int) -> CountSketch:
        bins = [number % num_output for number in islice(numbers, count)]
        sign = [2.0 * (number % 2) - 1.0 for number in islice(numbers, count)]
        return CountSketch(torch.tensor(bins), torch.tensor(sign), num_output)

    return draw(channels[0]), draw(channels[1])


class SignedSqrt(nn.Module):
    """``sign(x) sqrt(|x|)`` with the fork's own gradient ``0.5 / (|y| + 0.03)``, finite at 0."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return apply(_SignedSqrt, x)


class _SignedSqrt(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.abs().sqrt_().copysign_(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return diffs[0] * 0.5 / (y.abs() + 0.03)


class L2Normalize(nn.Module):
    """``x / sqrt(sum x^2 + 1e-7)`` over each sample."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H, W)``: axes that ``x`` has not are 1."""
        x = x.reshape(legacy_shape(x))
        return x * (x.square().sum((1, 2, 3), keepdim=True) + 1e-7).rsqrt()
