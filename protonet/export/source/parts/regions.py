"""Pooling of regions of interest: image, x1, y1, x2, y2."""

import torch
from torch import Tensor


def round_away(x: Tensor) -> Tensor:
    """Round half away from zero, as C does."""
    whole = x.trunc()
    return whole + ((x - whole) * 2).trunc()


def inside_bins(start: Tensor, end: Tensor, size: int) -> Tensor:
    """Tell which places belong to each bin, (R, bins, size)."""
    at = torch.arange(size, device=start.device)
    return (at >= start[..., None]) & (at < end[..., None])


def roi_pool(x: Tensor, rois: Tensor, bins: tuple[int, int], scale: float) -> Tensor:
    """Return the maximum of each bin of each region, (R, C, *bins); of none, 0."""
    rois = rois.reshape(-1, 5)
    masks: list[Tensor] = []
    for axis, count in enumerate(bins):
        ends = round_away(rois[:, [2 - axis, 4 - axis]] * scale)
        first, last = ends[:, :1], ends[:, 1:]
        step = (last - first + 1).clamp(min=1) / count
        at = torch.arange(count, dtype=x.dtype, device=x.device)
        start, end = (at * step).floor() + first, ((at + 1) * step).ceil() + first
        masks.append(inside_bins(start, end, x.shape[2 + axis]))
    tops: list[Tensor] = []
    for image, rows, columns in zip(rois[:, 0].long(), *masks, strict=True):
        tall = torch.where(rows[:, :, None], x[image][:, None], -torch.inf).amax(2)
        top = torch.where(columns, tall[:, :, None], -torch.inf).amax(3)
        tops.append(torch.where(top.isinf(), 0, top))
    return torch.stack(tops)


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
    total = torch.einsum("rih,rdijhw,rjw->rdij", rows, maps[rois[:, 0].long()], columns)
    area = rows.sum(2)[:, :, None] * columns.sum(2)[:, None]
    return total / area.clamp(min=1)[:, None]
