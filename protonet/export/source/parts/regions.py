"""Pooling of regions of interest: image, x1, y1, x2, y2."""

# Tensor.tolist has no types.
# pyright: reportUnknownVariableType=false

import torch
from torch import Tensor


def round_away(x: Tensor) -> Tensor:
    """Round half away from zero, as C does."""
    whole = x.trunc()
    return whole + ((x - whole) * 2).trunc()


def roi_pool(x: Tensor, rois: Tensor, bins: tuple[int, int], scale: float) -> Tensor:
    """Return the maximum of each bin of each region, (R, C, *bins); of none, 0."""
    rois = rois.reshape(-1, 5)
    edges: list[list[list[list[int]]]] = []  # axis, region, bin, (start, end)
    for axis, count in enumerate(bins):
        ends = round_away(rois[:, [2 - axis, 4 - axis]] * scale)
        first, last = ends[:, :1], ends[:, 1:]
        step = (last - first + 1).clamp(min=1) / count
        at = torch.arange(count, dtype=x.dtype, device=x.device)
        start, end = (at * step).floor() + first, ((at + 1) * step).ceil() + first
        both = torch.stack((start, end), -1).clamp(0, x.shape[2 + axis])
        edges += [both.long().tolist()]
    images: list[int] = rois[:, 0].long().tolist()
    top = x.new_zeros(len(rois), x.shape[1], *bins)
    for at, image in enumerate(images):
        for i, (y1, y2) in enumerate(edges[0][at]):
            band = x[image, :, y1:y2]
            for j, (x1, x2) in enumerate(edges[1][at]):
                if y1 < y2 and x1 < x2:
                    top[at, :, i, j] = band[:, :, x1:x2].amax((1, 2))
    return top


def inside_bins(start: Tensor, end: Tensor, size: int) -> Tensor:
    """Tell which places belong to each bin, (R, bins, size)."""
    at = torch.arange(size, device=start.device)
    return (at >= start[..., None]) & (at < end[..., None])


def psroi_pool(x: Tensor, rois: Tensor, bins: int, scale: float) -> Tensor:
    """Return the mean of each bin of each region, each from channels of its own."""
    rois = rois.reshape(-1, 5)
    corners = round_away(rois[:, 1:])
    maps = x.reshape(x.shape[0], -1, bins, bins, *x.shape[2:])
    masks: list[Tensor] = []
    for axis in (0, 1):
        first = corners[:, 1 - axis, None] * scale
        last = (corners[:, 3 - axis, None] + 1) * scale
        step = (last - first).clamp(min=0.1) / bins
        at = torch.arange(bins, dtype=x.dtype, device=x.device)
        start, end = (at * step + first).floor(), ((at + 1) * step + first).ceil()
        masks.append(inside_bins(start, end, x.shape[2 + axis]).to(x.dtype))
    rows, columns = masks
    area = rows.sum(2)[:, :, None] * columns.sum(2)[:, None]
    image = torch.arange(x.shape[0], device=x.device) == rois[:, :1].long()
    rows = torch.einsum("rn,rih->rnih", image.to(x.dtype), rows)
    total = torch.einsum("rnih,ndijhw->rdijw", rows, maps)
    total = torch.einsum("rdijw,rjw->rdij", total, columns)
    return total / area.clamp(min=1)[:, None]
