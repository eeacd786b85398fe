"""Accuracy and the place of the maximum."""

import torch
from torch import Tensor, nn

from protonet.ops.counting import Counting
from protonet.ops.labels import class_indices


class Accuracy(Counting):
    """Share of positions whose true class is among the best ``top_k``.

    A score that equals the true one counts as better; NaN is better than nothing, and nothing than
    NaN.
    """

    def __init__(
        self, *, axis: int, top_k: int, ignore_label: int | None = None, per_class: bool = False
    ) -> None:
        super().__init__()
        self.axis = axis
        self.top_k = top_k
        self.ignore_label = ignore_label
        self.per_class = per_class

    def forward(self, x: Tensor, label: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the share, of shape (), and with ``per_class`` the share for each class.

        Args:
            x: Scores.
            label: One a position, of any shape.

        Raises:
            ValueError: A label is no class.
        """
        x, classes = x.detach(), x.shape[self.axis]
        positions = (*x.shape[: self.axis], 1, *x.shape[self.axis + 1 :])
        index, kept = class_indices(
            label, positions, classes=classes, ignore_label=self.ignore_label
        )
        rivals = (x >= x.gather(self.axis, index)).sum(self.axis, keepdim=True)
        hit = rivals <= self.top_k  # the true class is its own rival, unless it is NaN
        kept = torch.ones_like(hit) if kept is None else kept
        count = kept.sum()
        share = _share((hit & kept).sum(), count, x.dtype)
        if not self.per_class:
            self.count(count)
            return share
        hits = torch.bincount(index[hit & kept], minlength=classes)
        counts = torch.bincount(index[kept], minlength=classes)
        self.count(count, counts)
        return share, _share(hits, counts, x.dtype)


def _share(hits: Tensor, of: Tensor, dtype: torch.dtype) -> Tensor:
    """Return ``hits / of``, 0 where nothing was counted."""
    return hits.to(dtype) / of.clamp(min=1)


class ArgMax(nn.Module):
    """The ``top_k`` largest values of an axis or a sample: their indices, as floats, or themselves.

    Of equal values the larger index comes first.
    """

    def __init__(self, *, top_k: int, out_max_val: bool, axis: int | None) -> None:
        super().__init__()
        self.top_k = top_k
        self.out_max_val = out_max_val
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Return indices or values along ``axis``, or of each sample.

        Without an axis the top is ``(N, 1, top_k)``, or ``(N, 2, top_k)`` with the values in the
        second row, and has as many axes as ``x`` if that has more.
        """
        if self.axis is not None:
            values, indices = _largest(x.detach(), self.top_k, self.axis)
            return values if self.out_max_val else indices.to(x.dtype)
        rows = x.detach().flatten(1) if x.dim() > 1 else x.detach().unsqueeze(1)
        values, indices = _largest(rows, self.top_k, 1)
        found = [indices.to(x.dtype), values] if self.out_max_val else [indices.to(x.dtype)]
        top = torch.stack(found, 1)
        return top.reshape(*top.shape, *(1,) * (x.dim() - 3))


def _largest(x: Tensor, top_k: int, axis: int) -> tuple[Tensor, Tensor]:
    """Return the largest values and their indices; seen from the end, the first of equals wins."""
    backward = x.flip(axis)
    if top_k == 1:
        values, places = backward.max(axis, keepdim=True)
    else:
        values, places = backward.sort(dim=axis, descending=True, stable=True)
        values, places = values.narrow(axis, 0, top_k), places.narrow(axis, 0, top_k)
    return values, x.shape[axis] - 1 - places
