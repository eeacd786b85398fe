"""Other shapes, sizes and orders."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class EmbeddingWithBias(nn.Embedding):
    """A table of vectors, and one that is added to all."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__(rows, width)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) + self.bias


def batched(module: nn.Module, x: Tensor, axis: int) -> Tensor:
    """Apply a module to x, whose axes before the channels at ``axis`` are one batch."""
    y = module(x.reshape(-1, *x.shape[axis:]))
    return y.reshape(*x.shape[:axis], *y.shape[1:])


def crop(x: Tensor, like: Tensor, *, axis: int, offsets: tuple[int, ...]) -> Tensor:
    """Return the part of x, from the offsets on, that is as large as ``like``."""
    for at, offset in enumerate(offsets, axis):
        x = x.narrow(at, offset, like.shape[at])
    return x


def argmax(
    x: Tensor, *, top_k: int = 1, axis: int | None = None, values: bool = False
) -> Tensor:
    """Return the places of the largest values, as floats; of equal ones the last.

    Along an axis places, or values; else of each sample, places, then perhaps values.
    """
    rows = x if axis is not None else x.reshape(x.shape[0], -1)
    along = 1 if axis is None else axis
    largest, places = rows.flip(along).sort(dim=along, descending=True, stable=True)
    largest = largest.narrow(along, 0, top_k)
    places = (rows.shape[along] - 1 - places.narrow(along, 0, top_k)).to(x.dtype)
    if axis is not None:
        return largest if values else places
    top = torch.stack((places, largest) if values else (places,), 1)
    return top.reshape(*top.shape, *(1,) * (x.dim() - 3))


def interp(
    x: Tensor,
    *,
    size: tuple[int, int] | None = None,
    shrink: int = 1,
    zoom: int = 1,
    crop: tuple[int, int] = (0, 0),
) -> Tensor:
    """Crop, then interpolate so that the corners of both images meet."""
    before, after = crop
    x = x[:, :, before : x.shape[2] - after, before : x.shape[3] - after]
    height, width = ((extent - 1) // shrink * zoom + 1 for extent in x.shape[2:])
    return F.interpolate(
        x, size or (height, width), mode="bilinear", align_corners=True
    )


def reorg(x: Tensor, stride: int, *, reverse: bool = False) -> Tensor:
    """Move squares of places to channels in darknet's order, or back."""
    n, c, h, w = x.shape
    less = c // stride**2
    if reverse:
        squares = x.reshape(n, stride, stride, less, h, w).permute(0, 3, 4, 1, 5, 2)
        return squares.reshape(n, less, h * stride, w * stride)
    squares = x.reshape(n, less, h, stride, w, stride).permute(0, 3, 5, 1, 2, 4)
    return squares.reshape(n, c * stride**2, h // stride, w // stride)
