"""Losses over the distance of two bottoms."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops._apply import apply

DISTANCE_EPS = 1e-4
"""What ContrastiveLoss adds to a distance that it divides by."""


class EuclideanLoss(nn.Module):
    """``sum (a - b)^2 / (2 N)``, with gradients to both."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the loss, of shape (), of two bottoms ``(N, ...)`` of the same count."""
        return F.mse_loss(a, b.reshape(a.shape), reduction="sum") / (2 * a.shape[0])


class SmoothL1Loss(nn.Module):
    """``sum w_out f(w_in (a - b)) / N``, with gradients to ``a`` and ``b``.

    ``f(d) = 0.5 (sigma d)^2`` if ``|d| < 1 / sigma^2``, else ``|d| - 0.5 / sigma^2``.
    """

    def __init__(self, sigma: float = 1.0) -> None:
        super().__init__()
        self.beta = 1 / sigma**2 if sigma else math.inf

    def forward(
        self, a: Tensor, b: Tensor, inside: Tensor | None = None, outside: Tensor | None = None
    ) -> Tensor:
        """Return the loss, of shape ().

        Args:
            a: ``(N, ...)``.
            b: As many values.
            inside: As many factors of the difference; no gradient.
            outside: As many factors of the terms; no gradient.
        """
        difference = a - b.reshape(a.shape)
        if inside is not None:
            difference = difference * inside.detach().reshape(a.shape)
        zero = difference.new_zeros(()).expand_as(difference)
        terms = F.smooth_l1_loss(difference, zero, beta=self.beta, reduction="none")
        if outside is not None:
            terms = terms * outside.detach().reshape(a.shape)
        return terms.sum() / a.shape[0]


class ContrastiveLoss(nn.Module):
    """``sum (y d^2 + (1 - y) max(margin - d, 0)^2) / (2 N)``, ``d`` the distance of two features.

    With ``legacy`` a dissimilar pair costs ``max(margin - d^2, 0)``.
    """

    def __init__(self, *, margin: float, legacy: bool) -> None:
        super().__init__()
        self.margin = margin
        self.legacy = legacy

    def forward(self, a: Tensor, b: Tensor, similar: Tensor) -> Tensor:
        """Return the loss, of shape ().

        Args:
            a: ``(N, C)``, or with axes of 1 behind; ``(N)`` is ``(N, 1)``.
            b: As many values.
            similar: N values; a pair is similar if its value does not truncate to 0.
        """
        return apply(
            _Contrastive,
            a.reshape(len(a), -1),
            b.reshape(len(b), -1),
            similar.detach().reshape(-1).long() != 0,
            self.margin,
            self.legacy,
        )


class _Contrastive(torch.autograd.Function):
    """Caffe's own backward: it divides by ``d + 1e-4`` where the derivative has ``d``."""

    @staticmethod
    def forward(  # noqa: PLR0917 # torch passes arguments by position
        ctx: Any, a: Tensor, b: Tensor, similar: Tensor, margin: float, legacy: bool
    ) -> Tensor:
        difference = a - b
        squared = difference.square().sum(1)
        distance = squared.sqrt()
        short = (margin - (squared if legacy else distance)).clamp(min=0)
        apart = -(short > 0).to(a) if legacy else -short / (distance + DISTANCE_EPS)
        slope = torch.where(similar, torch.ones_like(apart), apart)
        ctx.save_for_backward(difference * slope.unsqueeze(1))
        terms = torch.where(similar, squared, short if legacy else short.square())
        return terms.sum() / (2 * len(a))

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        (direction,) = ctx.saved_tensors
        diff = direction * (diffs[0] / len(direction))
        return diff, -diff, None, None, None
