"""Normalization by mean and variance."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops._apply import apply


class BatchNorm(nn.Module):
    """``(x - mean) / sqrt(var + eps)`` for each channel, with Caffe's running sums.

    Caffe keeps decayed *sums* of batch statistics and a factor, the decayed count of batches, that
    they are divided by when used; torch keeps averages. The variance that is summed is the unbiased
    one.
    """

    def __init__(self, *, use_global_stats: bool | None, fraction: float, eps: float) -> None:
        """Store how the sums are used; ``use_global_stats=None`` means at TEST only."""
        super().__init__()
        self.use_global_stats = use_global_stats
        self.fraction = fraction
        self.eps = eps

    def forward(  # noqa: PLR0917 # generated code calls it with positions
        self,
        x: Tensor,
        mean: Tensor,
        var: Tensor,
        factor: Tensor,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Return ``y``, of the shape of ``x``; with batch statistics the sums are updated.

        Args:
            x: ``(N, C, ...)``.
            mean: Sum of batch means ``(C)``.
            var: Sum of batch variances ``(C)``.
            factor: What both sums are to be divided by ``(1)``; where it is 0, both count as 0.
            weight: ``(C)``, multiplied to the result.
            bias: ``(C)``, added to it.
        """
        use_sums = not self.training if self.use_global_stats is None else self.use_global_stats
        if use_sums:
            scale = torch.where(factor == 0, 0, factor.reciprocal())
            return F.batch_norm(x, mean * scale, var * scale, weight, bias, eps=self.eps)
        batch_mean, batch_var = torch.zeros_like(mean), torch.zeros_like(var)
        y = torch.batch_norm(
            x,
            weight,
            bias,
            batch_mean,
            batch_var,
            True,
            1.0,
            self.eps,
            torch.backends.cudnn.enabled,
        )
        if x.numel() == x.shape[1]:  # one value: torch divides by 0
            batch_var = torch.zeros_like(var)  # not in place: backward keeps the other
        with torch.no_grad():
            factor.mul_(self.fraction).add_(1)
            mean.mul_(self.fraction).add_(batch_mean)
            var.mul_(self.fraction).add_(batch_var)
        return y


class _MeanVariance(torch.autograd.Function):
    """``(x - mean) / (std + eps)`` over the last axis, with Caffe's backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        std = centred.square().mean(-1, keepdim=True).sqrt_().add_(eps)
        y = centred.div_(std)
        ctx.save_for_backward(y, std)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, diff: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's own is `*grad_outputs`
        y, std = ctx.saved_tensors
        # The derivative has (std + eps) / std before the last term; mvn_layer.cpp leaves it out.
        along = y * (y * diff).mean(-1, keepdim=True)
        return (diff - diff.mean(-1, keepdim=True) - along).div_(std), None


class MVN(nn.Module):
    """``(x - mean) / (std + eps)`` over the axes from ``axis`` on."""

    def __init__(self, *, axis: int, normalize_variance: bool, eps: float) -> None:
        super().__init__()
        self.axis = axis
        self.normalize_variance = normalize_variance
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y`` ``(N, C, H, W)``; axes that ``x`` lacks are 1."""
        x = x.reshape(*x.shape, *(1,) * (4 - x.dim()))
        flat = x.flatten(self.axis)
        if not self.normalize_variance:
            return (flat - flat.mean(-1, keepdim=True)).reshape(x.shape)
        return apply(_MeanVariance, flat, self.eps).reshape(x.shape)


class Normalize(nn.Module):
    """``scale x / sqrt(sum x^2 + eps)`` over a sample, or over the channels of each position."""

    def __init__(self, *, across_spatial: bool, eps: float) -> None:
        super().__init__()
        self.across_spatial = across_spatial
        self.eps = eps

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``.

        Args:
            x: ``(N, C, ...)``.
            scale: ``()``, or ``(C)``.
        """
        axes = tuple(range(1, x.dim())) if self.across_spatial else (1,)
        norm = (x.square().sum(axes, keepdim=True) + self.eps).sqrt()
        return x / norm * scale.reshape(-1, *(1,) * (x.dim() - 2))


class UnitNorm(nn.Module):
    """``x / norm`` over the channels of each position, as happynear's fork has it."""

    def __init__(self, *, absolute: bool, with_norm: bool, pass_norm: bool) -> None:
        """Store what the norm is, a sum of absolute values or the root of squares, and its use."""
        super().__init__()
        self.absolute = absolute
        self.with_norm = with_norm
        self.pass_norm = pass_norm

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return ``y`` ``(N, C, H, W)``, and the norm ``(N, 1, H, W)`` if it is asked for."""
        x = x.reshape(*x.shape, *(1,) * (4 - x.dim()))
        parts = x.abs() if self.absolute else x.square()
        norm = parts.sum(1, keepdim=True) + 1e-6
        norm = norm if self.absolute else norm.sqrt()
        if not self.with_norm:
            return x / norm
        # A copy: backward reads the norm, and a later layer may write over the top.
        return x / norm, (norm if self.pass_norm else norm.detach()).clone()
