"""Operations that move, repeat or pick values."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.labels import check_range


class Concat(nn.Module):
    """Its bottoms one after the other along ``axis``."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *bottoms: Tensor) -> Tensor:
        """Return one tensor of bottoms that agree in all axes but one."""
        return torch.cat(bottoms, self.axis)


class Slice(nn.Module):
    """Its bottom cut along ``axis``."""

    def __init__(self, *, axis: int, tops: int, points: Sequence[int]) -> None:
        super().__init__()
        self.axis = axis
        self.tops = tops
        self.points = tuple(points)
        """Where a new top begins; none for equal parts."""

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return views, as many as there are tops."""
        if self.tops == 1:
            return x
        extent = x.shape[self.axis]
        if not self.points:
            return torch.split(x, extent // self.tops, self.axis)
        edges = (0, *self.points, extent)
        return torch.split(x, [end - start for start, end in pairwise(edges)], self.axis)


class Permute(nn.Module):
    """Its bottom with the axes in another order."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        self.order = tuple(order)

    def forward(self, x: Tensor) -> Tensor:
        """Return a view whose axis ``i`` is axis ``order[i]`` of ``x``."""
        return x.permute(self.order)


class Split(nn.Module):
    """Its bottom, several times; the gradients add up."""

    def __init__(self, tops: int) -> None:
        super().__init__()
        self.tops = tops

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return ``x``, as often as there are tops."""
        return x if self.tops == 1 else (x,) * self.tops


class Silence(nn.Module):
    """Takes anything, gives nothing."""

    def forward(self, *bottoms: Tensor) -> tuple[Tensor, ...]:
        """Return no top."""
        return ()


class Flatten(nn.Module):
    """The axes ``axis`` to ``end_axis``, the last one included, as one."""

    def __init__(self, *, axis: int, end_axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.end_axis = end_axis

    def forward(self, x: Tensor) -> Tensor:
        """Return a view where the layout allows it; an axis of 1 if the range is empty."""
        if self.end_axis < self.axis:
            return x.unsqueeze(self.axis)
        return x.flatten(self.axis, self.end_axis)


class Reshape(nn.Module):
    """The axes from ``start`` on, but for the last ``after`` ones, replaced by ``dims``."""

    def __init__(self, *, start: int, after: int, dims: Sequence[int]) -> None:
        super().__init__()
        self.start = start
        self.after = after
        self.dims = tuple(dims)
        """0 copies the axis in its place, one -1 takes what is left."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a view where the layout allows it."""
        dims = [x.shape[self.start + at] if dim == 0 else dim for at, dim in enumerate(self.dims)]
        after = x.shape[x.dim() - self.after :]
        return x.reshape((*x.shape[: self.start], *dims, *after))


class Crop(nn.Module):
    """The part of ``x`` that is as large as a reference, in the axes from ``axis`` on."""

    def __init__(self, *, axis: int, offsets: Sequence[int]) -> None:
        super().__init__()
        self.axis = axis
        self.offsets = tuple(offsets)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        """Return a view.

        Args:
            x: What is cropped.
            reference: Gives the extents only.
        """
        for axis, offset in enumerate(self.offsets, self.axis):
            x = x.narrow(axis, offset, reference.shape[axis])
        return x


class Tile(nn.Module):
    """Its bottom ``tiles`` times along ``axis``, block after block."""

    def __init__(self, *, axis: int, tiles: int) -> None:
        super().__init__()
        self.axis = axis
        self.tiles = tiles

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with its extent along ``axis`` multiplied."""
        return torch.cat((x,) * self.tiles, self.axis)


class Embed(nn.Module):
    """Rows of a table."""

    def forward(self, index: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return ``weight[index] + bias``, ``(*index.shape, N)``.

        Args:
            index: Row numbers as floats; truncated toward zero.
            weight: ``(K, N)``.
            bias: ``(N)``.

        Raises:
            ValueError: There is no such row.
        """
        rows = index.detach().long()
        check_range(rows, len(weight), "index")
        top = F.embedding(rows, weight)
        return top if bias is None else top + bias


class BatchReindex(nn.Module):
    """Items of a batch in another order; one may come several times or not at all."""

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        """Return ``x[index]``.

        Args:
            x: ``(N, ...)``.
            index: Item numbers as floats, ``(M)``; truncated toward zero.

        Raises:
            ValueError: There is no such item.
        """
        items = index.detach().long()
        check_range(items, len(x), "index")
        return x.index_select(0, items)


class Filter(nn.Module):
    """The items of a batch whose selector is not 0; there may be none."""

    def forward(self, *bottoms: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the selected items of every bottom but the last, which selects."""
        *blobs, selector = bottoms
        items = selector.detach().reshape(-1).nonzero().squeeze(1)
        tops = tuple(x.index_select(0, items) for x in blobs)
        return tops[0] if len(tops) == 1 else tops


class Parameter(nn.Module):
    """A blob that is learned, as it is."""

    def forward(self, weight: Tensor) -> Tensor:
        """Return ``weight``."""
        return weight


class Softmax(nn.Module):
    """``exp(x) / sum exp(x)`` along ``axis``."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Return probabilities, of the shape of ``x``."""
        return F.softmax(x, self.axis)


def legacy_shape(x: Tensor) -> tuple[int, int, int, int]:
    """Return ``(N, C, H, W)`` of a blob of up to four axes; missing ones are 1."""
    n, c, h, w = (*x.shape, *(1,) * (4 - x.dim()))
    return n, c, h, w
