"""Pooling with Caffe's windows."""

from enum import IntEnum

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.shape import PoolWindow, pyramid_window


class Method(IntEnum):
    """What becomes of a window's values."""

    MAX = 0
    AVE = 1
    STOCHASTIC = 2


def max_pool(x: Tensor, window: PoolWindow) -> tuple[Tensor, Tensor]:
    """Return maxima and where in their plane each is, ``h * width + w``; the first of equals.

    NaN and -inf never win, as in Caffe: where nothing does, the top is the lowest finite number and
    the place is -1. (Compiled or exported, NaN wins as it does in torch.)
    """
    top, at = _max_pool(x, window)
    if torch.compiler.is_compiling() or _is_finite(top):
        return top, at
    lowest = torch.finfo(x.dtype).min
    top, at = _max_pool(torch.where(x > lowest, x, lowest), window)
    return top, torch.where(top > lowest, at, -1)


def average_pool(x: Tensor, window: PoolWindow) -> Tensor:
    """Return means over windows clipped to the padded image: padding counts as zeros."""
    if window.kernel == x.shape[2:] and not any(window.pad):
        return x.mean((2, 3), keepdim=True)
    if _is_native(window):
        return F.avg_pool2d(x, window.kernel, window.stride, window.pad, ceil_mode=window.ceil)
    sums = F.avg_pool2d(_cover(x, window, 0.0), window.kernel, window.stride, divisor_override=1)
    height, width = (_lengths(x, window, axis, sums.shape[2 + axis]) for axis in (0, 1))
    return sums / (height[:, None] * width)


def stochastic_pool(x: Tensor, window: PoolWindow, *, train: bool) -> Tensor:
    """Return one value of each window, drawn with its share as the odds.

    Unless ``train``, the mean under these odds.

    Zeiler and Fergus, arXiv:1301.3557. Where a window adds up to 0 or less, the mean is 0.
    """
    covered = _cover(x, window, 0.0)
    rows = covered.unfold(2, window.kernel[0], window.stride[0])
    values = rows.unfold(3, window.kernel[1], window.stride[1]).flatten(4)
    if not train:
        total = values.sum(-1)
        share = values.square().sum(-1) / torch.where(total > 0, total, 1)
        return torch.where(total > 0, share, 0)
    reached = values.detach().cumsum(-1)
    share = 1 - torch.rand_like(reached[..., 0])  # never 0, so no zero is drawn
    drawn = share * reached[..., -1]
    first = (reached >= drawn.unsqueeze(-1)).to(torch.uint8).argmax(-1, keepdim=True)
    return values.gather(-1, first).squeeze(-1)


def _is_finite(x: Tensor) -> bool:
    """Tell whether all values surely are; a GPU is not asked, for it would be waited for."""
    return not x.is_cuda and bool(x.detach().sum().isfinite())


def _is_native(window: PoolWindow) -> bool:
    """Tell whether torch can do it: it refuses a pad of more than half a kernel.

    Where no window is empty, which the layers see to, its windows are Caffe's.
    """
    return all(2 * p <= k for p, k in zip(window.pad, window.kernel, strict=True))


def _cover(x: Tensor, window: PoolWindow, value: float) -> Tensor:
    """Return ``x`` within a frame of ``value``, so that exactly all windows fit in it."""
    return F.pad(x, [n for ends in reversed(window.frame(x.shape[2:])) for n in ends], value=value)


def _max_pool(x: Tensor, window: PoolWindow) -> tuple[Tensor, Tensor]:
    if _is_native(window):
        return F.max_pool2d_with_indices(
            x, window.kernel, window.stride, window.pad, ceil_mode=window.ceil
        )
    framed = _cover(x, window, torch.finfo(x.dtype).min)
    top, at = F.max_pool2d_with_indices(framed, window.kernel, window.stride)
    row, column = at // framed.shape[3], at % framed.shape[3]
    return top, (row - window.pad[0]) * x.shape[3] + column - window.pad[1]


def _lengths(x: Tensor, window: PoolWindow, axis: int, extent: int) -> Tensor:
    """Return how long each of ``extent`` windows is within the padded image."""
    start = torch.arange(extent, device=x.device) * window.stride[axis] - window.pad[axis]
    end = (start + window.kernel[axis]).clamp(max=x.shape[2 + axis] + window.pad[axis])
    return end - start


class Pooling(nn.Module):
    """Maxima, means or draws of windows."""

    def __init__(self, method: Method, window: PoolWindow | None, *, mask: bool = False) -> None:
        """Store how to pool; no window means the whole image, ``mask`` asks for a second top."""
        super().__init__()
        self.method = method
        self.window = window
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return ``(N, C, *out)`` of ``x`` ``(N, C, H, W)``; with ``mask``, a tuple of two."""
        h, w = x.shape[2:]
        window = self.window or PoolWindow((h, w))
        if self.mask:
            top, at = max_pool(x, window)
            return top, at.to(x.dtype)
        return _pool(x, self.method, window, train=self.training)


class SpatialPyramid(nn.Module):
    """Pooling over 1 x 1, 2 x 2, 4 x 4 ... bins, flattened and put in a row."""

    def __init__(self, method: Method, height: int) -> None:
        """Store how to pool, and how many grids there are."""
        super().__init__()
        self.method = method
        self.height = height

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C * bins)`` of ``x`` ``(N, C, H, W)``; of one level ``(N, C, 1, 1)``."""
        levels = [
            _pool(x, self.method, pyramid_window(x.shape[2:], level), train=self.training)
            for level in range(self.height)
        ]
        return levels[0] if self.height == 1 else torch.cat([y.flatten(1) for y in levels], dim=1)


def _pool(x: Tensor, method: Method, window: PoolWindow, *, train: bool) -> Tensor:
    if method is Method.MAX:
        return max_pool(x, window)[0]
    if method is Method.AVE:
        return average_pool(x, window)
    return stochastic_pool(x, window, train=train)
