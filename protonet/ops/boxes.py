"""Boxes, ``(..., 4)``: x1, y1, x2, y2; how they are coded, overlap, and suppress each other."""

from dataclasses import dataclass
from enum import IntEnum
from math import isqrt
from typing import NamedTuple

import torch
from torch import Tensor

from protonet.message.base import float32

BUDGET = 2**22
"""Elements of one table of overlaps; where there are more, boxes come block by block."""


class CodeType(IntEnum):
    """What four numbers say of a box and its prior."""

    CORNER = 1
    CENTER_SIZE = 2
    CORNER_SIZE = 3


class Priors(NamedTuple):
    """Boxes that predictions refer to, ``(P, 4)``, and the variances of their coordinates."""

    box: Tensor
    variance: Tensor

    @classmethod
    def of(cls, prior: Tensor) -> "Priors":
        """Read the top of PriorBox, ``(1, 2, 4 P)``."""
        box, variance = prior.detach().reshape(2, -1, 4).unbind()
        return cls(box, variance)


def encode(boxes: Tensor, priors: Tensor, code: CodeType) -> Tensor:
    """Return what ``decode`` makes ``boxes`` of."""
    if code is CodeType.CENTER_SIZE:
        centre, size = _centre(boxes), _size(boxes)
        prior_size = _size(priors)
        moved = (centre - _centre(priors)) / prior_size
        return torch.cat((moved, (size / prior_size).log()), -1)
    moved = boxes - priors
    return moved if code is CodeType.CORNER else moved / torch.cat((_size(priors),) * 2, -1)


def decode(codes: Tensor, priors: Tensor, code: CodeType) -> Tensor:
    """Return boxes.

    Args:
        codes: By ``code``: what to add to the corners; in sizes of the prior, how far to move the
            centre, and the logarithm of the growth; or what to add to the corners, in such sizes.
        priors: The boxes that codes refer to.
        code: Which.
    """
    if code is CodeType.CORNER:
        return priors + codes
    prior_size = _size(priors)
    if code is CodeType.CORNER_SIZE:
        return priors + codes * torch.cat((prior_size,) * 2, -1)
    centre = codes[..., :2] * prior_size + _centre(priors)
    half = codes[..., 2:].exp() * prior_size / 2
    return torch.cat((centre - half, centre + half), -1)


@dataclass(frozen=True, slots=True)
class Coding:
    """What predictions say of a box.

    Attributes:
        code: How numbers and boxes belong together.
        variance_in_target: Predictions are not multiplied by the priors' variances.
    """

    code: CodeType
    variance_in_target: bool

    def boxes(self, predicted: Tensor, box: Tensor, variance: Tensor) -> Tensor:
        """Return the boxes that predictions mean, given the priors' boxes and variances."""
        codes = predicted if self.variance_in_target else predicted * variance
        return decode(codes, box, self.code)


def areas(boxes: Tensor) -> Tensor:
    """Return the areas; 0 for a box whose end lies before its start."""
    return _size(boxes).clamp(min=0).prod(-1)


def overlaps(first: Tensor, second: Tensor) -> Tensor:
    """Return ``(..., A, B)``: intersection over union of ``(..., A, 4)`` and ``(..., B, 4)``.

    Boxes that do not share an area overlap by 0.
    """
    a, b = first.unsqueeze(-2), second.unsqueeze(-3)
    width = torch.minimum(a[..., 2], b[..., 2]) - torch.maximum(a[..., 0], b[..., 0])
    height = torch.minimum(a[..., 3], b[..., 3]) - torch.maximum(a[..., 1], b[..., 1])
    shared = width.clamp_(min=0).mul_(height.clamp_(min=0))
    union = areas(first).unsqueeze(-1) + areas(second).unsqueeze(-2) - shared
    return torch.where(shared > 0, shared / union, 0)


def suppress(boxes: Tensor, present: Tensor, *, threshold: float, eta: float = 1.0) -> Tensor:
    """Return which boxes are kept, ``(B, K)``: one by one, those that overlap no kept one too much.

    Args:
        boxes: ``(B, K, 4)``, each row's from the best on.
        present: ``(B, K)``; False for what only fills a row.
        threshold: The most that a box may overlap a kept one.
        eta: While the threshold is above 0.5, what it is multiplied by after each kept box.
    """
    row, extent = present.shape
    limits = boxes.new_tensor(_limits(threshold, eta, extent))
    block = isqrt(max(1, BUDGET // max(1, row)))
    kept: list[Tensor] = []
    found: list[tuple[Tensor, Tensor]] = []
    known = present.new_zeros(row, 1, dtype=torch.long)
    for these, there in zip(
        torch.split(boxes, block, 1), torch.split(present, block, 1), strict=True
    ):
        before = boxes.new_zeros(there.shape)
        for others, stay in found:
            before = torch.maximum(before, _reach(overlaps(others, these), stay))
        kept.append(_settle(there, before, overlaps(these, these).triu(1), known, limits))
        known = known + kept[-1].sum(1, keepdim=True)
        found.append(_packed(these, kept[-1]))
    return torch.cat(kept, 1) if extent else present


def _packed(boxes: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Return the boxes that are kept, first in their rows, and which elements are such."""
    most = int(kept.sum(1).max()) if kept.numel() else 0
    stay, order = kept.sort(dim=1, descending=True, stable=True)
    order = order[:, :most, None].expand(-1, -1, 4)
    return boxes.gather(1, order), stay[:, :most]


def sorted_ranks(group: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
    """Return the order by group, then from the greatest score on, and each place in its group.

    Of equal scores the first comes first. Ranks are in the order that is returned.
    """
    order = score.argsort(descending=True, stable=True)
    order = order[group[order].argsort(stable=True)]
    groups = group[order]
    return order, torch.arange(len(order), device=order.device) - torch.searchsorted(groups, groups)


def _limits(threshold: float, eta: float, most: int) -> list[float]:
    """Return the threshold after 0, 1, 2, .. ``most`` kept boxes; the last one stays."""
    limits = [threshold]
    while eta < 1 and limits[-1] > 0.5 and len(limits) <= most:  # noqa: PLR2004 # as in the fork
        limits.append(float32(limits[-1] * eta))
    return limits


def _reach(overlap: Tensor, kept: Tensor) -> Tensor:
    """Return the most that each box, ``(B, K)``, overlaps a kept one of ``(B, J)``."""
    if not overlap.shape[1]:
        return overlap.new_zeros(overlap.shape[0], overlap.shape[2])
    return overlap.masked_fill(~kept.unsqueeze(-1), 0).amax(1)


def _settle(
    present: Tensor, before: Tensor, within: Tensor, known: Tensor, limits: Tensor
) -> Tensor:
    """Decide on a block of boxes at once.

    Whether a box stays follows from those before it. Starting from "all stay", each round decides
    at least one box more for good; few rounds do unless long chains of boxes suppress each other.

    Args:
        present: ``(B, K)``.
        before: How much each overlaps a kept box of an earlier block.
        within: ``(B, K, K)``: how much each overlaps an earlier one of this block.
        known: ``(B, 1)``: how many were kept before.
        limits: Thresholds by the number of kept boxes.
    """
    kept = present
    while True:
        count = (known + kept.cumsum(1) - kept.long()).clamp(max=len(limits) - 1)
        reach = torch.maximum(before, _reach(within, kept))
        settled = present & (reach <= limits[count])
        if torch.equal(settled, kept):
            return kept
        kept = settled


def _size(boxes: Tensor) -> Tensor:
    return boxes[..., 2:] - boxes[..., :2]


def _centre(boxes: Tensor) -> Tensor:
    return (boxes[..., :2] + boxes[..., 2:]) / 2
