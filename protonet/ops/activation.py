"""Elementwise nonlinearities.

Modules with ``inplace`` write over ``x`` where that leaves the gradient right; the compiler sets it
where nothing else reads the bottom.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it


class ReLU(nn.Module):
    """``max(x, 0) + negative_slope * min(x, 0)``."""

    def __init__(self, negative_slope: float = 0.0) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        if self.negative_slope:
            # With a negative slope the sign of the bottom cannot be told from the top.
            inplace = self.inplace and self.negative_slope > 0
            return F.leaky_relu(x, self.negative_slope, inplace)
        return F.relu(x, self.inplace)


class ReLU6(nn.Module):
    """``min(max(x, 0) + negative_slope * min(x, 0), 6)``; the gradient at 6 is 0."""

    def __init__(self, negative_slope: float = 0.0) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        if self.negative_slope:
            return F.hardtanh(F.leaky_relu(x, self.negative_slope), -torch.inf, 6.0)
        return F.relu6(x, self.inplace)


class RReLU(nn.Module):
    """``x`` where ``x > 0``, else ``x / a``: TRAIN draws each a from U(low, high).

    torch's RReLU multiplies by a draw, and takes another mean at TEST.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low = low
        self.high = high

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``; at TEST ``1 / a`` is its own mean."""
        if self.training:
            slope = torch.empty_like(x).uniform_(self.low, self.high).reciprocal_()
            return torch.where(x > 0, x, x * slope)
        mean = math.log(self.high / self.low) / (self.high - self.low)
        return torch.where(x > 0, x, x * mean)


class Maxout(nn.Module):
    """The maximum of each run of ``size`` channels; the gradient goes to the first of equals."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C / size, ...)`` of ``x`` ``(N, C, ...)``."""
        n, c, *spatial = x.shape
        return x.reshape(n, c // self.size, self.size, *spatial).max(2).values


class PReLU(nn.Module):
    """``max(x, 0) + a * min(x, 0)`` with learned ``a``."""

    def forward(self, x: Tensor, slope: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``; ``slope`` is ``(C)``, or ``()`` for all channels."""
        return F.prelu(x, slope)


class ELU(nn.Module):
    """``x`` where ``x > 0``, else ``alpha * (exp(x) - 1)``."""

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        # With a negative alpha the sign of the bottom cannot be told from the top.
        return F.elu(x, self.alpha, inplace=self.inplace and self.alpha >= 0)


class Sigmoid(nn.Module):
    """``1 / (1 + exp(-x))``."""

    def __init__(self) -> None:
        super().__init__()
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return torch.sigmoid_(x) if self.inplace else torch.sigmoid(x)


class TanH(nn.Module):
    """The hyperbolic tangent."""

    def __init__(self) -> None:
        super().__init__()
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return torch.tanh_(x) if self.inplace else torch.tanh(x)


class Swish(nn.Module):
    """``x * sigmoid(beta * x)``."""

    def __init__(self, beta: float) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return F.silu(x) if self.beta == 1 else x * torch.sigmoid(self.beta * x)


class BNLL(nn.Module):
    """``log(1 + exp(x))``; beyond 50 it is ``x``, as in Caffe."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return F.softplus(x, threshold=50)
