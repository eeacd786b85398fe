"""Batch normalization with scale and shift in one module, as Caffe's forks have it.

Their running averages are of the biased variance; torch's are of the unbiased one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.reshaping import legacy_shape


def normalized(x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> tuple[Tensor, ...]:
    """Normalize by the batch's own statistics.

    Args:
        x: ``(N, C, ...)``.
        scale: ``(C)``, multiplied to the result.
        shift: ``(C)``, added to it.
        eps: Added to the variance.

    Returns:
        ``y``, the mean and the biased variance of the batch.
    """
    mean, var = torch.zeros_like(scale), torch.zeros_like(scale)
    y = torch.batch_norm(x, scale, shift, mean, var, True, 1.0, eps, torch.backends.cudnn.enabled)
    values = x.numel() // x.shape[1]
    if values == 1:  # torch divides by 0
        var = torch.zeros_like(var)  # not in place: backward keeps the other
    return y, mean, var * ((values - 1) / values)


class AveragedNorm(nn.Module):
    """``(x - mean) / sqrt(var + eps) * scale + shift`` with running averages."""

    def __init__(
        self, *, eps: float, keep: float, average_at_test: bool = True, frozen: bool = False
    ) -> None:
        """Store when averages are used.

        Args:
            eps: Added to the variance.
            keep: The share of the old average in the new one.
            average_at_test: False takes the batch's statistics at TEST, too.
            frozen: The averages are used in TRAIN, too, and stay as they are.
        """
        super().__init__()
        self.eps = eps
        self.keep = keep
        self.average_at_test = average_at_test
        self.frozen = frozen

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, var: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``; in TRAIN the averages are updated.

        Args:
            x: ``(N, C, ...)``.
            scale: ``C`` values, as all that follow.
            shift: Added last.
            mean: The running average of batch means.
            var: The running average of biased batch variances.
        """
        scale, shift = scale.flatten(), shift.flatten()
        if self.frozen or (self.average_at_test and not self.training):
            return F.batch_norm(x, mean.flatten(), var.flatten(), scale, shift, eps=self.eps)
        y, *statistics = normalized(x, scale, shift, self.eps)
        if self.training:
            with torch.no_grad():
                for average, value in zip((mean, var), statistics, strict=True):
                    average.mul_(self.keep).add_(value.view_as(average), alpha=1 - self.keep)
        return y


class BatchOnlyNorm(nn.Module):
    """``(x - mean) / sqrt(var + eps) * scale + shift`` with the batch's statistics, always."""

    def __init__(self, *, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x`` ``(N, C, ...)``; the others have ``C`` values."""
        return normalized(x, scale.flatten(), shift.flatten(), self.eps)[0]


class ScaleShift(nn.Module):
    """``x * scale + shift``."""

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x`` ``(N, C, H, W)``; the others are ``(1, C, 1, 1)``."""
        return torch.addcmul(shift, x, scale)


class FourAxes(nn.Module):
    """A module that is given ``(N, C, H, W)``: axes that ``x`` has not are 1."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        """Return what the module makes of it."""
        return self.module(x.reshape(legacy_shape(x)), *others)
