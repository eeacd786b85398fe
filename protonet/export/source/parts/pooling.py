"""Pooling with windows that torch has not."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def framed(
    x: Tensor,
    value: float,
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil: bool = True,
) -> Tensor:
    """Return x in a frame of ``value``, so that exactly Caffe's windows fit in it."""
    ends: list[int] = []
    for size, k, s, p in zip(x.shape[2:], kernel, stride, padding, strict=True):
        count = (size + 2 * p - k + (s - 1 if ceil else 0)) // s + 1
        if any(padding) and (count - 1) * s >= size + p:
            count -= 1  # it would begin beyond the image
        ends = [p, (count - 1) * s + k - p - size, *ends]
    return F.pad(x, ends, value=value)


def framed_max_pool(
    x: Tensor,
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil: bool = True,
) -> Tensor:
    """Pool maxima; padding may be more than half a kernel, which torch refuses."""
    x = framed(x, -torch.inf, kernel=kernel, stride=stride, padding=padding, ceil=ceil)
    return F.max_pool2d(x, kernel, stride)


def framed_avg_pool(
    x: Tensor,
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil: bool = True,
) -> Tensor:
    """Pool means; padding counts, what lies beyond it does not."""
    whole = framed(x, 0, kernel=kernel, stride=stride, padding=padding, ceil=ceil)
    means = F.avg_pool2d(whole, kernel, stride)
    lengths: list[Tensor] = []
    for axis, (k, s, p) in enumerate(zip(kernel, stride, padding, strict=True), 2):
        start = torch.arange(means.shape[axis], device=x.device) * s - p
        lengths.append((start + k).clamp(max=x.shape[axis] + p) - start)
    return means * (kernel[0] * kernel[1]) / (lengths[0][:, None] * lengths[1])


def max_pool_with_places(
    x: Tensor,
    *,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil: bool = True,
) -> tuple[Tensor, Tensor]:
    """Pool maxima; return them and where in their plane each is, as floats."""
    padded = framed(
        x, -torch.inf, kernel=kernel, stride=stride, padding=padding, ceil=ceil
    )
    top, places = F.max_pool2d(padded, kernel, stride, return_indices=True)
    row, column = places // padded.shape[3], places % padded.shape[3]
    places = (row - padding[0]) * x.shape[3] + column - padding[1]
    return top, places.to(x.dtype)


def unpool(
    x: Tensor,
    places: Tensor,
    *,
    size: tuple[int, int] | None = None,
    scale: tuple[int, int] = (2, 2),
    less: tuple[int, int] = (0, 0),
) -> Tensor:
    """Put each value where `max_pool_with_places` found it; 0 elsewhere."""
    n, c, h, w = x.shape
    height, width = size or (h * scale[0] - less[0], w * scale[1] - less[1])
    top = x.new_zeros(n, c, height * width)
    top = top.scatter(2, places.long().flatten(2), x.flatten(2))
    return top.reshape(n, c, height, width)


class StochasticPool(nn.Module):
    """Draw a value of each window with its share as the odds; else their mean."""

    def __init__(
        self,
        *,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        ceil: bool = True,
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.ceil = ceil

    def forward(self, x: Tensor) -> Tensor:
        x = framed(
            x,
            0,
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            ceil=self.ceil,
        )
        rows = x.unfold(2, self.kernel[0], self.stride[0])
        values = rows.unfold(3, self.kernel[1], self.stride[1]).flatten(4)
        total = values.sum(-1)
        if not self.training:
            share = values.square().sum(-1) / torch.where(total > 0, total, 1)
            return torch.where(total > 0, share, 0)
        reached = values.detach().cumsum(-1)
        drawn = (1 - torch.rand_like(total)) * reached[..., -1]
        first = (reached >= drawn[..., None]).to(torch.uint8).argmax(-1, keepdim=True)
        return values.gather(-1, first).squeeze(-1)


def spatial_pyramid(x: Tensor, height: int, pool: Callable[..., Tensor]) -> Tensor:
    """Pool over 1 x 1, 2 x 2, 4 x 4 ... bins and put them in a row."""
    tops: list[Tensor] = []
    for bins in (2**level for level in range(height)):
        tall, wide = (-(-size // bins) for size in x.shape[2:])
        above = (tall * bins - x.shape[2] + 1) // 2
        left = (wide * bins - x.shape[3] + 1) // 2
        window = (tall, wide)
        tops.append(pool(x, kernel=window, stride=window, padding=(above, left)))
    if height == 1:
        return tops[0]
    return torch.cat([top.flatten(1) for top in tops], dim=1)
