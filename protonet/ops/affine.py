"""Scales and biases that are broadcast along the axes from a given one on."""

import torch
from torch import Tensor, nn


def _spread(weight: Tensor, x: Tensor, axis: int) -> Tensor:
    """Return a view of ``weight`` that broadcasts over ``x`` with its first axis at ``axis``."""
    if not weight.dim():
        return weight
    return weight.reshape(*weight.shape, *(1,) * (x.dim() - axis - weight.dim()))


class Scale(nn.Module):
    """``x * scale + bias`` from ``axis`` on."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return ``y``, of the shape of ``x``; ``scale`` and ``bias`` are a run of its axes."""
        scale = _spread(scale, x, self.axis)
        if bias is None:
            return x * scale
        return torch.addcmul(_spread(bias, x, self.axis), x, scale)


class Bias(nn.Module):
    """``x + bias`` from ``axis`` on, written over ``x`` if ``inplace``."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.inplace = False
        """Set by the compiler where nothing else reads the bottom."""

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Return ``y``, of the shape of ``x``; ``bias`` is a run of its axes."""
        bias = _spread(bias, x, self.axis)
        return x.add_(bias) if self.inplace else x + bias
