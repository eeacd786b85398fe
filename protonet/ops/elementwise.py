"""Operations on bottoms of equal shape, and reductions."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class EltwiseSum(nn.Module):
    """``sum_i coeff_i x_i``; without coefficients the plain sum."""

    def __init__(self, coeff: Sequence[float] = ()) -> None:
        super().__init__()
        self.coeff = tuple(coeff)

    def forward(self, first: Tensor, second: Tensor, *others: Tensor) -> Tensor:
        """Return the sum of at least two tensors of one shape."""
        coeff = self.coeff or (1.0,) * (2 + len(others))
        total = torch.add(first if coeff[0] == 1 else first * coeff[0], second, alpha=coeff[1])
        for x, alpha in zip(others, coeff[2:], strict=True):
            total = total.add_(x, alpha=alpha)
        return total


class EltwiseProduct(nn.Module):
    """``prod_i x_i``; the gradient is the product of the others."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the product of tensors of one shape."""
        for x in others:
            first = first * x
        return first


class EltwiseMax(nn.Module):
    """``max_i x_i``; the gradient goes to the winner alone.

    Of equal values the second of the first two wins, and a later one only if it is greater.
    """

    def forward(self, first: Tensor, second: Tensor, *others: Tensor) -> Tensor:
        """Return the maximum of at least two tensors of one shape."""
        top = torch.where(first > second, first, second)
        for x in others:
            top = torch.where(x > top, x, top)
        return top


class Axpy(nn.Module):
    """``a x + y`` with one ``a`` for each channel of each item."""

    def forward(self, a: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Return a tensor of the shape of ``x`` and ``y``, ``(N, C, ...)``; ``a`` has N C."""
        return torch.addcmul(y, a.reshape(*x.shape[:2], *(1,) * (x.dim() - 2)), x)


class Reduction(nn.Module):
    """``coeff * sum f(x)`` over ``axis`` and all that follow.

    ``f`` is the identity, ``|x|`` or ``x^2``.
    """

    def __init__(
        self,
        *,
        axis: int,
        coeff: float = 1.0,
        absolute: bool = False,
        square: bool = False,
        mean: bool = False,
    ) -> None:
        super().__init__()
        self.axis = axis
        self.coeff = coeff
        self.absolute = absolute
        self.square = square
        self.mean = mean

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x.shape[:axis]``."""
        if self.absolute:
            x = x.abs()
        elif self.square:
            x = x.square()
        axes = tuple(range(self.axis, x.dim()))
        top = x.mean(axes) if self.mean else x.sum(axes)
        return top if self.coeff == 1 else top * self.coeff
