"""Local response normalization."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops._apply import apply


class _Constants(NamedTuple):
    """Of ``(k + alpha * sum over 2 * reach + 1 channels) ^ -beta``."""

    reach: int
    alpha: float
    beta: float
    k: float


def _window_sum(x: Tensor, reach: int) -> Tensor:
    """Return the sums over the channels from ``c - reach`` to ``c + reach``."""
    total = x.clone()
    for offset in range(1, min(reach, x.shape[1] - 1) + 1):
        total[:, offset:] += x[:, :-offset]
        total[:, :-offset] += x[:, offset:]
    return total


def _power(scale: Tensor, beta: float) -> Tensor:
    """Return ``scale ^ -beta``; roots are several times faster than a power."""
    if beta == 0.75:  # noqa: PLR2004 # Caffe's default, and AlexNet's
        root = scale.rsqrt()
        return root.mul_(root.sqrt())
    return scale.pow(-beta)


class _AcrossChannels(torch.autograd.Function):
    """As ``nn.LocalResponseNorm``, with fewer passes over memory and less kept for backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, constants: _Constants) -> Tensor:
        reach, alpha, beta, k = constants
        scale = _window_sum(x.square(), reach).mul_(alpha).add_(k)
        ctx.save_for_backward(x, scale)
        ctx.constants = constants
        return _power(scale, beta).mul_(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, diff: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's own is `*grad_outputs`
        x, scale = ctx.saved_tensors
        reach, alpha, beta, _ = ctx.constants
        direct = _power(scale, beta).mul_(diff)
        around = _window_sum((direct * x).div_(scale), reach)
        return direct.addcmul_(x, around, value=-2 * alpha * beta), None


class LRNAcrossChannels(nn.Module):
    """``x * (k + alpha / n * sum of x^2 over n channels) ^ -beta``."""

    def __init__(self, *, local_size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.constants = _Constants(local_size // 2, alpha / local_size, beta, k)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y`` ``(N, C, H, W)``."""
        return apply(_AcrossChannels, x, self.constants)


class LRNWithinChannel(nn.Module):
    """``x * (1 + alpha * mean of x^2 over n x n) ^ -beta``; outside the image ``x`` is 0."""

    def __init__(self, *, local_size: int, alpha: float, beta: float) -> None:
        super().__init__()
        self.local_size = local_size
        self.alpha = alpha
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """Return ``y`` ``(N, C, H, W)``."""
        mean = F.avg_pool2d(x.square(), self.local_size, 1, self.local_size // 2)
        return x * mean.mul(self.alpha).add_(1).pow(-self.beta)
