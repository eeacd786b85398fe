"""The loss of a detection net's predictions about priors."""

from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.message.common import LossParameter
from protonet.ops.boxes import Coding, Priors, areas, encode, suppress
from protonet.ops.counting import Counting
from protonet.ops.labels import check_range, item_count, normalizer
from protonet.ops.loss import LOG_FLT_MIN, floored
from protonet.ops.matching import Match, Matching, Truth, ground_truth, match

LEAST_AREA = 1e-5
"""Boxes that are smaller are not mined if there is a suppression."""


class LocLoss(IntEnum):
    """The loss of coordinates."""

    L2 = 0
    SMOOTH_L1 = 1


class ConfLoss(IntEnum):
    """The loss of scores."""

    SOFTMAX = 0
    LOGISTIC = 1


class MiningType(IntEnum):
    """NONE: all priors count; MAX_NEGATIVE: the worst negatives; HARD_EXAMPLE: the worst of all."""

    NONE = 0
    MAX_NEGATIVE = 1
    HARD_EXAMPLE = 2


@dataclass(frozen=True, slots=True)
class Mining:
    """Which priors count.

    Attributes:
        type: How they are chosen.
        ratio: Negatives for each positive, of MAX_NEGATIVE.
        most_overlap: The negatives of MAX_NEGATIVE overlap all of the ground truth less.
        sample_size: Priors of an image, of HARD_EXAMPLE.
        threshold: The most that two chosen boxes may overlap; 0 for any.
        top_k: How many boxes are looked at with a threshold; -1 for all.
        by_prior: Priors are compared, not predicted boxes.
    """

    type: MiningType
    ratio: float
    most_overlap: float
    sample_size: int
    threshold: float
    top_k: int
    by_prior: bool


@dataclass(frozen=True, slots=True)
class Classes:
    """What labels there are.

    Attributes:
        number: How many, with the background.
        background: The label of what is matched to nothing; beyond them all for none.
        agnostic: All objects have the label after the background's.
    """

    number: int
    background: int
    agnostic: bool


class MultiBoxLoss(Counting):
    """``(weight * loss of coordinates + weight * loss of scores) / normalizer``."""

    def __init__(
        self,
        *,
        classes: Classes,
        coding: Coding,
        matching: Matching,
        mining: Mining,
        loc_loss: LocLoss,
        conf_loss: ConfLoss,
        weights: tuple[float, float],
        normalization: LossParameter.NormalizationMode,
        use_difficult: bool,
        inside: bool,
    ) -> None:
        """Store how the loss is made.

        Args:
            classes: The labels.
            coding: What predicted coordinates say.
            matching: Which priors are matched to which box.
            mining: Which of them count.
            loc_loss: The loss of coordinates.
            conf_loss: The loss of scores.
            weights: Factors of the one and the other.
            normalization: What the sum is divided by; VALID is the number of matches.
            use_difficult: Boxes that are marked as difficult count.
            inside: Coordinates of matched boxes that lie outside the image have no loss.
        """
        super().__init__()
        self.classes = classes
        self.coding = coding
        self.matching = matching
        self.mining = mining
        self.loc_loss = loc_loss
        self.conf_loss = conf_loss
        self.weights = weights
        self.normalization = normalization
        self.use_difficult = use_difficult
        self.inside = inside

    def forward(self, loc: Tensor, conf: Tensor, prior: Tensor, label: Tensor) -> Tensor:
        """Return the loss, of shape ().

        Args:
            loc: ``(N, P * S * 4)``: for each prior one box, or one a class.
            conf: ``(N, P * classes)``: scores.
            prior: ``(1, 2, P * 4)``: corners and variances; no gradient.
            label: ``(1, 1, M, 8)``: image, label, instance, x1, y1, x2, y2, difficult; no gradient.

        Raises:
            ValueError: A label is no class, or is that of the background.
        """
        priors = Priors.of(prior)
        images, extent = loc.shape[0], len(priors.box)
        loc = loc.to(prior.dtype).reshape(images, extent, -1, 4)
        conf = conf.to(prior.dtype).reshape(images, extent, -1)
        truth = self._truth(label.to(prior.dtype), images)
        found = match(self.matching, self.coding, truth, loc.detach(), priors)
        where = (found.target >= 0).nonzero(as_tuple=True)
        loc_terms = self._loc_terms(loc, truth, found, where, priors)
        conf_terms = self._conf_terms(conf, truth, found)
        index, counted = found.target, None
        if self.mining.type is not MiningType.NONE:
            loss = conf_terms.detach()
            if self.mining.type is MiningType.HARD_EXAMPLE:
                loss = loss.index_put((where[0], where[2]), loc_terms.detach(), accumulate=True)
            single = Match(*(x.squeeze(1) for x in found))
            index, negative = self._mine(loss, single, truth, loc.detach(), priors)
            counted, index = negative | (index >= 0), index.unsqueeze(1)
        matched = index >= 0
        loc_loss = loc_terms.masked_fill(~matched[where], 0).sum()
        conf_loss = conf_terms if counted is None else conf_terms.masked_fill(~counted, 0)
        total = self.weights[0] * loc_loss + self.weights[1] * conf_loss.sum()
        outer, inner = conf_terms.shape
        items = item_count(self.normalization, outer=outer, inner=inner, kept=matched)
        self.count(items)
        return total / normalizer(items)

    def _truth(self, label: Tensor, images: int) -> Truth:
        background = self.classes.background
        truth = ground_truth(label, images, background=background, use_difficult=self.use_difficult)
        if self.classes.agnostic:
            return truth._replace(label=torch.full_like(truth.label, background + 1))
        check_range(truth.label[truth.present], self.classes.number, "label")
        return truth

    def _loc_terms(
        self,
        loc: Tensor,
        truth: Truth,
        found: Match,
        where: tuple[Tensor, ...],
        priors: Priors,
    ) -> Tensor:
        """Return a loss for each match, in the order of ``where``: image, sheet, prior."""
        image, sheet, at = where
        predicted, boxes, variance = loc[image, at, sheet], priors.box[at], priors.variance[at]
        target = encode(truth.box[image, found.target[where]], boxes, self.coding.code) / variance
        if self.inside and not self.matching.by_prior:
            boxes = self.coding.boxes(predicted.detach(), boxes, variance)
        if self.coding.variance_in_target:
            predicted = predicted / variance
        if self.inside:
            predicted = torch.where((boxes >= 0) & (boxes <= 1), predicted, target)
        if self.loc_loss is LocLoss.L2:
            return (predicted - target).square().sum(-1) / 2
        return F.smooth_l1_loss(predicted, target, reduction="none").sum(-1)

    def _conf_terms(self, conf: Tensor, truth: Truth, found: Match) -> Tensor:
        """Return a loss for each prior, ``(N, P)``."""
        matched = found.target >= 0
        labels = truth.label.unsqueeze(1).expand(-1, matched.shape[1], -1)
        labels = labels.gather(2, found.target.clamp(min=0))
        background = self.classes.background
        if self.conf_loss is ConfLoss.SOFTMAX:
            # Where boxes of several classes are matched, the last class counts, as in the fork.
            label = labels.masked_fill(~matched, -1).amax(1)
            label = torch.where(label < 0, background, label)
            log_p = F.log_softmax(conf, -1).gather(-1, label.unsqueeze(-1))
            return -floored(log_p.squeeze(-1), LOG_FLT_MIN)
        target = torch.zeros_like(conf)
        target.scatter_add_(2, labels.transpose(1, 2), matched.transpose(1, 2).to(conf.dtype))
        if self.mining.type is not MiningType.NONE and 0 <= background < self.classes.number:
            target[..., background] = (~matched.any(1)).to(conf.dtype)
        losses = F.binary_cross_entropy_with_logits(conf, target.clamp_(max=1), reduction="none")
        return losses.sum(-1)

    def _mine(
        self, loss: Tensor, found: Match, truth: Truth, loc: Tensor, priors: Priors
    ) -> tuple[Tensor, Tensor]:
        """Return the matches that count and which priors count as background, both ``(N, P)``."""
        how, positive = self.mining, found.target >= 0
        background = ~positive & ~found.ignored
        if how.type is MiningType.HARD_EXAMPLE:
            wanted = truth.present.any(1, keepdim=True).expand_as(positive)
            number = torch.full_like(found.target[:, :1], how.sample_size)
        else:
            wanted = background & (found.overlap < how.most_overlap)
            number = (positive.sum(1, keepdim=True).float() * how.ratio).long()
        order = loss.masked_fill(~wanted, -torch.inf).argsort(dim=1, descending=True, stable=True)
        first = wanted.gather(1, order)
        if how.threshold > 0:
            boxes = priors.box.expand(len(loc), -1, -1)
            if not how.by_prior:
                boxes = self.coding.boxes(loc.squeeze(2), *priors)
            first = self._apart(boxes, order, first)
        first &= first.cumsum(1) <= number
        chosen = torch.zeros_like(first).scatter(1, order, first)
        if how.type is MiningType.HARD_EXAMPLE:
            return found.target.masked_fill(~chosen, -1), chosen & background
        return found.target, chosen

    def _apart(self, boxes: Tensor, order: Tensor, wanted: Tensor) -> Tensor:
        """Return which of the boxes in ``order`` overlap no worse one too much, ``(N, P)``."""
        how, extent = self.mining, order.shape[1]
        end = extent if how.top_k < 0 else min(how.top_k, extent)
        ordered = boxes.gather(1, order[:, :end, None].expand(-1, -1, 4))
        present = wanted[:, :end] & (areas(ordered) >= LEAST_AREA)
        kept = suppress(ordered, present, threshold=how.threshold)
        return F.pad(kept, (0, extent - end))
