"""Arithmetic on each value.

Modules with ``inplace`` write over ``x`` where that leaves the gradient right; the compiler sets it
where nothing else reads the bottom.
"""

from typing import Any

import torch
from torch import Tensor, nn

from protonet.ops._apply import apply


class AbsVal(nn.Module):
    """``|x|``; the gradient at 0 is 0."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return x.abs()


class Power(nn.Module):
    """``(shift + scale * x) ^ power``."""

    def __init__(self, power: float, scale: float, shift: float) -> None:
        super().__init__()
        self.power = power
        self.scale = scale
        self.shift = shift
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        if self.power * self.scale == 0:  # a constant, even where x is not finite
            base = 1.0 if self.power == 0 else self.shift
            return torch.full_like(x, base).pow(self.power)
        base = x.mul_(self.scale) if self.inplace else x * self.scale
        if self.shift:
            base.add_(self.shift)
        return base if self.power == 1 else base.pow(self.power)


class Exp(nn.Module):
    """``exp(scale * x + shift)``."""

    def __init__(self, scale: float, shift: float) -> None:
        super().__init__()
        self.scale = scale
        self.shift = shift
        self.inplace = False

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        power = x.mul_(self.scale) if self.inplace else x * self.scale
        return (power.add_(self.shift) if self.shift else power).exp_()


class Log(nn.Module):
    """``factor * log(scale * x + shift)``."""

    def __init__(self, factor: float, scale: float, shift: float) -> None:
        super().__init__()
        self.factor = factor
        self.scale = scale
        self.shift = shift

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        argument = x if self.scale == 1 else x * self.scale
        y = (argument + self.shift if self.shift else argument).log()
        return y if self.factor == 1 else y.mul_(self.factor)


class _Clamp(torch.autograd.Function):
    """``x.clamp`` with a gradient of 1 at the bounds, where torch's is 1 or 0 by its version."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.bounds = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> tuple[Tensor, None, None]:
        (x,), (low, high) = ctx.saved_tensors, ctx.bounds
        return diffs[0] * ((x >= low) & (x <= high)), None, None


class Clip(nn.Module):
    """``max(low, min(x, high))``; the gradient passes at the bounds too."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low = low
        self.high = max(low, high)  # Caffe lets the low one win, torch the high one

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return apply(_Clamp, x, self.low, self.high)


class Threshold(nn.Module):
    """1 where ``x > threshold``, else 0; no gradient."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``."""
        return (x.detach() > self.threshold).to(x.dtype)
