"""Scales, biases and norms."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Scale(nn.Module):
    """``x * weight + bias``, broadcast."""

    def __init__(self, *shape: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = x * self.weight
        return y if self.bias is None else y + self.bias


class Bias(nn.Module):
    """``x + bias``, broadcast."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class RReLU(nn.Module):
    """``x`` where ``x > 0``, else ``x / a``; in training a is U(low, high)."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low = low
        self.high = high

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return torch.where(
                x > 0, x, x / torch.empty_like(x).uniform_(self.low, self.high)
            )
        mean = math.log(self.high / self.low) / (self.high - self.low)
        return torch.where(x > 0, x, x * mean)


def four_axes(x: Tensor) -> Tensor:
    """Return x as (N, C, H, W); axes that it has not are 1."""
    return x.reshape(*x.shape, *(1,) * (4 - x.dim()))


def mean_variance_norm(
    x: Tensor, *, across_channels: bool = False, variance: bool = True, eps: float
) -> Tensor:
    """``(x - mean) / (std + eps)`` over each channel, or over all channels together."""
    axes = (1, 2, 3) if across_channels else (2, 3)
    x = x - x.mean(axes, keepdim=True)
    if not variance:
        return x
    return x / (x.square().mean(axes, keepdim=True).sqrt() + eps)


class Normalize(nn.Module):
    """``weight * x / sqrt(sum x^2 + eps)`` over a sample, or over channels alone."""

    def __init__(self, *shape: int, across_spatial: bool = True, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.across_spatial = across_spatial
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(1, x.dim())) if self.across_spatial else (1,)
        return x / (x.square().sum(axes, keepdim=True) + self.eps).sqrt() * self.weight


def unit_norm(x: Tensor, *, absolute: bool = False) -> tuple[Tensor, Tensor]:
    """Return x over its norm at each position, and that norm."""
    if absolute:
        norm = x.abs().sum(1, keepdim=True) + 1e-6
    else:
        norm = (x.square().sum(1, keepdim=True) + 1e-6).sqrt()
    return x / norm, norm


def l2_normalize(x: Tensor) -> Tensor:
    """``x / sqrt(sum x^2 + 1e-7)`` over each sample."""
    return x / (x.square().sum((1, 2, 3), keepdim=True) + 1e-7).sqrt()


def lrn_within_channel(x: Tensor, *, size: int, alpha: float, beta: float) -> Tensor:
    """``x * (1 + alpha * mean of x^2 over size x size)^-beta``."""
    mean = F.avg_pool2d(x.square(), size, stride=1, padding=size // 2)
    return x * (1 + alpha * mean).pow(-beta)
