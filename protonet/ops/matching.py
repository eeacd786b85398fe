"""Which predicted box is to become which box of the ground truth."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from protonet.ops.boxes import Coding, Priors, overlaps

LEAST_OVERLAP = 1e-6
"""Boxes that overlap less do not overlap."""

ROW = 8
"""Numbers of a box in the label blob: image, label, instance, x1, y1, x2, y2, difficult."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Which boxes are matched.

    Attributes:
        least_overlap: All boxes that overlap one of the ground truth so much are matched to it;
            None for the best box of each alone.
        by_prior: The priors are compared with the ground truth, not the predicted boxes.
        inside: Boxes that reach beyond the image are ignored.
    """

    least_overlap: float | None
    by_prior: bool
    inside: bool


class Truth(NamedTuple):
    """The ground truth of a batch; G is the most that an image has, at least 1.

    Attributes:
        box: ``(N, G, 4)``.
        label: ``(N, G)``.
        present: ``(N, G)``; False for what only fills a row.
    """

    box: Tensor
    label: Tensor
    present: Tensor


class Match(NamedTuple):
    """What priors are matched to; S is 1, or the number of classes if each has its own boxes.

    Attributes:
        target: ``(N, S, P)``: which box of the image's ground truth; -1 for none.
        overlap: ``(N, S, P)``: the most that a prior's box overlaps one of the ground truth.
        ignored: ``(N, S, P)``: it reaches beyond the image, so that it is not even background.
    """

    target: Tensor
    overlap: Tensor
    ignored: Tensor


def ground_truth(rows: Tensor, images: int, *, background: int, use_difficult: bool) -> Truth:
    """Read the label blob, ``(1, 1, M, 8)``; rows of image -1 are none.

    Raises:
        ValueError: A box has the label of the background.
    """
    rows = rows.detach().reshape(-1, ROW)
    image, label = rows[:, 0].long(), rows[:, 1].long()
    if bool(((image != -1) & (label == background)).any()):
        raise ValueError(f"a box of the ground truth has the label of the background, {background}")
    member = image == torch.arange(images, device=rows.device).unsqueeze(1)
    if not use_difficult:
        member &= rows[:, 7] == 0
    extent = max(1, int(member.sum(1).max()))
    owner, row = member.nonzero(as_tuple=True)
    place = member.cumsum(1)[owner, row] - 1
    box, labels = rows.new_zeros(images, extent, 4), label.new_zeros(images, extent)
    box[owner, place], labels[owner, place] = rows[row, 3:7], label[row]
    present = torch.zeros_like(labels, dtype=torch.bool)
    present[owner, place] = True
    return Truth(box, labels, present)


def match(how: Matching, coding: Coding, truth: Truth, loc: Tensor, priors: Priors) -> Match:
    """Return what each prior is matched to.

    Args:
        how: Which are matched.
        coding: What predictions say.
        truth: The ground truth.
        loc: ``(N, P, S, 4)``: predictions.
        priors: What they refer to.
    """
    images, _, sheets, _ = loc.shape
    classes = torch.arange(sheets, device=loc.device).reshape(-1, 1, 1)
    if how.by_prior:
        found = _match(how, truth.box, truth.present, priors.box.expand(images, -1, -1))
        if sheets == 1:
            return Match(*(x.unsqueeze(1) for x in found))
        target, overlap, ignored = (x.unsqueeze(1).repeat(1, sheets, 1) for x in found)
        label = truth.label.unsqueeze(1).expand(-1, sheets, -1).gather(2, target.clamp(min=0))
        return Match(target.masked_fill(label != classes.squeeze(-1), -1), overlap, ignored)
    boxes = coding.boxes(loc, *(x.unsqueeze(1) for x in priors)).transpose(1, 2)
    present = truth.present.unsqueeze(1).expand(-1, sheets, -1)
    if sheets > 1:
        present = present & (truth.label.unsqueeze(1) == classes.squeeze(-1))
    every = truth.box.unsqueeze(1).expand(-1, sheets, -1, -1)
    found = _match(how, every.flatten(0, 1), present.flatten(0, 1), boxes.flatten(0, 1))
    return Match(*(x.unflatten(0, (images, sheets)) for x in found))


def _match(how: Matching, truth: Tensor, present: Tensor, boxes: Tensor) -> Match:
    """Match ``boxes`` ``(B, P, 4)`` to ``truth`` ``(B, G, 4)``; the result is ``(B, P)``."""
    overlap = overlaps(truth, boxes)
    overlap = overlap.masked_fill((overlap <= LEAST_OVERLAP) | ~present.unsqueeze(-1), 0)
    ignored = torch.zeros(overlap.shape[::2], dtype=torch.bool, device=overlap.device)
    if how.inside:
        ignored = ((boxes < 0) | (boxes > 1)).any(-1)
        overlap = overlap.masked_fill(ignored.unsqueeze(1), 0)
    target = _one_to_one(overlap)
    most, nearest = overlap.max(1)
    if how.least_overlap is not None:
        near = (target < 0) & (most > 0) & (most >= how.least_overlap)
        target = torch.where(near, nearest, target)
    return Match(target, most, ignored)


def _one_to_one(overlap: Tensor) -> Tensor:
    """Return ``(B, P)``: the pairs of ``(B, G, P)`` that overlap most are taken one by one.

    Of equal pairs that of the first prior, then that of the first box of the ground truth.
    """
    overlap = overlap.clone()
    batch, extent, priors = overlap.shape
    every = torch.arange(batch, device=overlap.device)
    target = torch.full((batch, priors), -1, device=overlap.device)
    best, at = overlap.max(2)
    for _ in range(extent):
        most = best.amax(1, keepdim=True)
        left = most.squeeze(1) > 0
        box = at.masked_fill(best < most, priors).argmin(1)
        prior = at[every, box]
        target[every, prior] = torch.where(left, box, target[every, prior])
        best[every, box] = 0
        overlap[every, :, prior] = 0
        # Only what had chosen the same prior has to choose again.
        again = (at == prior.unsqueeze(1)) & (best > 0)
        best[again], at[again] = overlap[again].max(1)
    return target
