"""Boxes found, from predictions about priors."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from protonet.ops.boxes import Coding, Priors, sorted_ranks, suppress
from protonet.ops.detection_files import DetectionFiles


@dataclass(frozen=True, slots=True)
class Suppression:
    """How boxes of a class that overlap a better one are dropped.

    Attributes:
        threshold: The most that two boxes may overlap.
        top_k: How many of a class are looked at; None for all.
        eta: What the threshold is multiplied by after each box, while it is above 0.5.
    """

    threshold: float
    top_k: int | None
    eta: float


class _Found(NamedTuple):
    """Boxes, by image, then class, then from the greatest score on."""

    image: Tensor
    label: Tensor
    score: Tensor
    box: Tensor

    def only(self, chosen: Tensor) -> "_Found":
        """Return those that are chosen, by a mask or by an order."""
        return _Found(*(values[chosen] for values in self))


class DetectionOutput(nn.Module):
    """Decodes boxes, suppresses those that overlap a better one of their class, keeps the best."""

    def __init__(
        self,
        *,
        classes: int,
        background: int,
        coding: Coding,
        least_score: float | None,
        suppression: Suppression,
        keep_top_k: int | None,
        files: DetectionFiles | None = None,
    ) -> None:
        """Store what is kept.

        Args:
            classes: Number of classes, with the background.
            background: A class that is not looked for; -1 for none.
            coding: What predictions say of a box.
            least_score: Scores must be above it; None for any.
            suppression: What is dropped for its neighbours.
            keep_top_k: How many boxes an image may have; None for any number.
            files: Where to write them, too.
        """
        super().__init__()
        self.classes = classes
        self.background = background
        self.coding = coding
        self.least_score = least_score
        self.suppression = suppression
        self.keep_top_k = keep_top_k
        self.files = files

    @torch.no_grad()
    def forward(
        self, loc: Tensor, conf: Tensor, prior: Tensor, data: Tensor | None = None
    ) -> Tensor:
        """Return ``(1, 1, M, 7)``: image, label, score, x1, y1, x2, y2; no gradient.

        Images are in order, in them labels, in them scores from the greatest on. If nothing is
        found, there is a row of -1 for each image, with its number.

        Args:
            loc: ``(N, P * L * 4)``: for each prior one box, or one a class.
            conf: ``(N, P * classes)``: scores, as probabilities.
            prior: ``(1, 2, P * 4)``: corners and variances.
            data: The images, which are not used.
        """
        priors = Priors.of(prior)
        images, extent = loc.shape[0], len(priors.box)
        predicted = loc.to(prior.dtype).reshape(images, extent, -1, 4)
        boxes = self.coding.boxes(predicted, *(x.unsqueeze(1) for x in priors))
        scores = conf.to(prior.dtype).reshape(images, extent, self.classes)
        found = self._best(self._suppress(self._candidates(scores, boxes)))
        if self.files is not None:
            self.files.add(images, found.image, found.label, found.score, found.box)
        if not len(found.image):
            top = prior.new_full((images, 7), -1)
            top[:, 0] = torch.arange(images)
        else:
            columns = (found.image, found.label, found.score)
            numbers = torch.stack([column.to(prior.dtype) for column in columns], 1)
            top = torch.cat((numbers, found.box), 1)
        return top.reshape(1, 1, -1, 7)

    def _candidates(self, scores: Tensor, boxes: Tensor) -> _Found:
        """Return the ``top_k`` boxes of each class with a sufficient score."""
        least = torch.finfo(scores.dtype).min if self.least_score is None else self.least_score
        wanted = scores > least
        if 0 <= self.background < self.classes:
            wanted[..., self.background] = False
        image, prior, label = wanted.nonzero(as_tuple=True)
        score = scores[image, prior, label]
        order, rank = sorted_ranks(image * self.classes + label, score)
        if self.suppression.top_k is not None:
            order = order[rank < self.suppression.top_k]
        image, prior, label, score = (x[order] for x in (image, prior, label, score))
        box = boxes[image, prior, label if boxes.shape[2] > 1 else 0]
        return _Found(image, label, score, box)

    def _suppress(self, found: _Found) -> _Found:
        if not len(found.image):
            return found
        group = found.image * self.classes + found.label
        row = (group.diff(prepend=group[:1]) != 0).cumsum(0)
        place = torch.arange(len(row), device=row.device) - torch.searchsorted(row, row)
        boxes = found.box.new_zeros(int(row[-1]) + 1, int(place.max()) + 1, 4)
        boxes[row, place] = found.box
        present = torch.zeros(boxes.shape[:2], dtype=torch.bool, device=row.device)
        present[row, place] = True
        how = self.suppression
        kept = suppress(boxes, present, threshold=how.threshold, eta=how.eta)
        return found.only(kept[row, place])

    def _best(self, found: _Found) -> _Found:
        """Return the ``keep_top_k`` boxes of each image, in the order that they have."""
        if self.keep_top_k is None:
            return found
        order, rank = sorted_ranks(found.image, found.score)
        chosen = torch.empty_like(order, dtype=torch.bool)
        chosen[order] = rank < self.keep_top_k
        return found.only(chosen)
