"""Pooling of regions of interest, without a loop over them."""

import torch
from torch import Tensor, nn

from protonet.ops.labels import check_range

LEAST_EXTENT = 0.1
"""How wide and high PSROIPooling takes a ROI at least, in positions."""


class ROIPooling(nn.Module):
    """The maximum of each bin of each ROI; the gradient goes to the first of equal ones."""

    def __init__(self, bins: tuple[int, int], spatial_scale: float) -> None:
        super().__init__()
        self.bins = bins
        self.spatial_scale = spatial_scale

    def forward(self, x: Tensor, rois: Tensor) -> Tensor:
        """Return ``(R, C, *bins)``.

        As in Caffe, NaN and -inf never win; where nothing does, the top is the lowest number.

        Args:
            x: ``(N, C, H, W)``.
            rois: ``(R, 5)``: place in the batch, x1, y1, x2, y2; the corners are multiplied by
                ``spatial_scale`` and rounded.

        Raises:
            ValueError: A ROI is of an image that the batch has not.
        """
        x = x.reshape(*x.shape, *(1,) * (4 - x.dim())).contiguous()
        image, corners = _parts(rois, x.shape[0])
        x1, y1, x2, y2 = _round(corners * self.spatial_scale).unbind(1)
        rows = _inclusive_bins(y1, y2, self.bins[0], x.shape[2])
        columns = _inclusive_bins(x1, x2, self.bins[1], x.shape[3])
        lowest = torch.finfo(x.dtype).min
        values, order = (
            torch.where(x > lowest, x, -torch.inf)
            .flatten(2)
            .sort(dim=-1, descending=True, stable=True)
        )
        best = _least(_ranks(order).reshape(x.shape), image, rows, columns)
        top = values.flatten().index_select(0, best.flatten()).reshape(best.shape)
        top = torch.where(top > lowest, top, lowest)
        empty = _empty(rows, columns).unsqueeze(-1)
        return top.masked_fill(empty, 0).permute(0, 3, 1, 2)


class PSROIPooling(nn.Module):
    """The mean of each bin of each ROI; every bin reads channels of its own."""

    def __init__(self, group_size: int, spatial_scale: float) -> None:
        super().__init__()
        self.group_size = group_size
        self.spatial_scale = spatial_scale

    def forward(self, x: Tensor, rois: Tensor) -> Tensor:
        """Return ``(R, D, k, k)``.

        Args:
            x: ``(N, D k k, H, W)``.
            rois: ``(R, 5)``: place in the batch, x1, y1, x2, y2; the corners are rounded, then
                multiplied by ``spatial_scale``.

        Raises:
            ValueError: A ROI is of an image that the batch has not.
        """
        k, (height, width) = self.group_size, (*x.shape[2:], *(1,) * (4 - x.dim()))
        image, corners = _parts(rois, x.shape[0])
        corners = _round(corners)
        x1, y1 = (corners[:, :2] * self.spatial_scale).unbind(1)
        x2, y2 = ((corners[:, 2:] + 1) * self.spatial_scale).unbind(1)
        rows, columns = _outer_bins(y1, y2, k, height), _outer_bins(x1, x2, k, width)
        maps = x.reshape(x.shape[0], -1, k, k, height, width)
        # 64 bits: the difference of two sums over much of the image keeps 32 bits of a bin.
        sums = nn.functional.pad(maps.double().cumsum(-1).cumsum(-2), (1, 0, 1, 0))
        total = _corner(sums, image, rows[1], columns[1]) - _corner(
            sums, image, rows[0], columns[1]
        )
        total = total - _corner(sums, image, rows[1], columns[0])
        total = total + _corner(sums, image, rows[0], columns[0])
        area = (rows[1] - rows[0]).unsqueeze(2) * (columns[1] - columns[0]).unsqueeze(1)
        mean = total / area.clamp(min=1).unsqueeze(1)
        return mean.masked_fill(_empty(rows, columns).unsqueeze(1), 0).to(x.dtype)


Bins = tuple[Tensor, Tensor]
"""Where each bin begins and ends (excluded) along an axis, ``(R, bins)``."""


def _parts(rois: Tensor, images: int) -> tuple[Tensor, Tensor]:
    """Return each ROI's image ``(R)`` and corners ``(R, 4)``."""
    rois = rois.detach().reshape(-1, 5)
    image = rois[:, 0].long()
    check_range(image, images, "the image of a ROI")
    return image, rois[:, 1:]


def _round(x: Tensor) -> Tensor:
    """Round half away from zero as C does; torch rounds half to even."""
    whole = x.trunc()
    return whole + ((x - whole) * 2).trunc()


def _inclusive_bins(first: Tensor, last: Tensor, bins: int, size: int) -> Bins:
    """Divide ``first`` .. ``last``, at least one position; ``size`` is the extent of the map."""
    step = ((last - first + 1).clamp(min=1) / bins).unsqueeze(1)
    at = torch.arange(bins, device=first.device, dtype=first.dtype)
    start, end = (at * step).floor(), ((at + 1) * step).ceil()
    return _cut(start + first.unsqueeze(1), size), _cut(end + first.unsqueeze(1), size)


def _outer_bins(start: Tensor, end: Tensor, bins: int, size: int) -> Bins:
    """Divide ``start`` .. ``end``, which need not be whole, and round each bin outwards."""
    step = ((end - start).clamp(min=LEAST_EXTENT) / bins).unsqueeze(1)
    at = torch.arange(bins, device=start.device, dtype=start.dtype)
    start = start.unsqueeze(1)
    return _cut((at * step + start).floor(), size), _cut(((at + 1) * step + start).ceil(), size)


def _cut(edge: Tensor, size: int) -> Tensor:
    return edge.nan_to_num(0).clamp(0, size).long()


def _empty(rows: Bins, columns: Bins) -> Tensor:
    """Tell which bins hold nothing, ``(R, rows, columns)``."""
    return (rows[1] <= rows[0]).unsqueeze(2) | (columns[1] <= columns[0]).unsqueeze(1)


def _corner(sums: Tensor, image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return ``(R, D, k, k)`` elements of ``(N, D, k, k, H, W)``."""
    k = torch.arange(rows.shape[1], device=rows.device)
    every = torch.arange(sums.shape[1], device=rows.device)
    return sums[
        image[:, None, None, None],
        every[:, None, None],
        k[:, None],
        k,
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]


def _ranks(order: Tensor) -> Tensor:
    """Return for each value where it comes when each plane is sorted.

    Of equal values the first comes first, so that the least rank of a bin names one element: the
    first of its maxima.
    """
    places = torch.arange(order.numel(), dtype=torch.int32, device=order.device)
    return torch.empty_like(places).view_as(order).scatter_(-1, order, places.view_as(order))


def _least(x: Tensor, image: Tensor, rows: Bins, columns: Bins) -> Tensor:
    """Return the minimum of ``x`` ``(N, C, H, W)`` in each bin, ``(R, rows, columns, C)``.

    A bin's minimum is that of the four windows of 2^i x 2^j that cover it from its corners; the
    minima of all such windows are made once, so that the size of bins does not matter.
    """
    _, channels, h, w = x.shape
    tall, wide = _power(rows), _power(columns)
    minima = _window_minima(x.permute(0, 2, 3, 1), _levels(tall), _levels(wide))
    level = tall.unsqueeze(2) * minima.shape[1] + wide.unsqueeze(1)
    first = (level * len(x) + image[:, None, None]) * h
    best: Tensor | None = None
    for y in (rows[0].clamp(max=h - 1), (rows[1] - 2**tall).clamp(min=0)):
        for start in (columns[0].clamp(max=w - 1), (columns[1] - 2**wide).clamp(min=0)):
            at = (first + y.unsqueeze(2)) * w + start.unsqueeze(1)
            found = minima.flatten(0, 4).index_select(0, at.flatten())
            best = found if best is None else torch.minimum(best, found, out=best)
    assert best is not None, "a bin has four corners"
    return best.reshape(*level.shape, channels)


def _power(bins: Bins) -> Tensor:
    """Return the exponent of the greatest power of 2 that fits into each bin."""
    _, exponent = torch.frexp((bins[1] - bins[0]).clamp(min=1).float())
    return exponent.long() - 1


def _levels(power: Tensor) -> int:
    return int(power.max()) + 1 if power.numel() else 1


def _window_minima(x: Tensor, tall: int, wide: int) -> Tensor:
    """Return minima of ``(N, H, W, C)`` over the windows of 2^i x 2^j positions.

    Windows begin at each position and end at the border. The result is ``(tall, wide, N, H, W,
    C)``: i < ``tall``, j < ``wide``.
    """
    minima = x.new_empty(tall, wide, *x.shape)
    minima[0, 0] = x
    for power in range(1, tall):
        _double(minima[power - 1, 0], minima[power, 0], axis=1, by=2 ** (power - 1))
    for power in range(1, wide):
        _double(minima[:, power - 1], minima[:, power], axis=3, by=2 ** (power - 1))
    return minima


def _double(x: Tensor, into: Tensor, *, axis: int, by: int) -> None:
    """Write the minimum of each element and the one ``by`` positions later, if there is one."""
    kept = x.shape[axis] - by
    later = x.narrow(axis, by, kept)
    torch.minimum(x.narrow(axis, 0, kept), later, out=into.narrow(axis, 0, kept))
    into.narrow(axis, kept, by).copy_(x.narrow(axis, kept, by))
