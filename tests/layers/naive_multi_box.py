"""MultiBoxLoss of the SSD fork, prior by prior, in plain Python."""

import math
from dataclasses import dataclass

from torch import Tensor

from tests.ops.test_boxes import area_of, overlap_of, rows_of, suppressed

IMAGES, CLASSES, PRIORS = 4, 3, 24
Box = list[float]


@dataclass(frozen=True)
class Naive:
    """The loss; fields as in the prototxt."""

    loc_loss_type: str = "SMOOTH_L1"
    conf_loss_type: str = "SOFTMAX"
    loc_weight: float = 1.0
    share_location: bool = True
    match_type: str = "PER_PREDICTION"
    overlap_threshold: float = 0.5
    use_prior_for_matching: bool = True
    background_label_id: int = 0
    use_difficult_gt: bool = True
    neg_pos_ratio: float = 3.0
    neg_overlap: float = 0.5
    code_type: str = "CORNER"
    encode_variance_in_target: bool = False
    ignore_cross_boundary_bbox: bool = False
    bp_inside: bool = False
    mining_type: str = "MAX_NEGATIVE"
    sample_size: int = 64
    use_prior_for_nms: bool = False
    nms_param: tuple[float, int] | None = None

    @property
    def text(self) -> str:
        """The prototxt of what is not the default."""
        said = [f"num_classes: {CLASSES}"]
        for name, default in vars(Naive()).items():
            value = getattr(self, name)
            if name == "nms_param" and value:
                said.append(f"nms_param {{ nms_threshold: {value[0]} top_k: {value[1]} }}")
            elif value != default:
                said.append(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
        return f"multibox_loss_param {{ {' '.join(said)} }}"

    def encode(self, box: Box, prior: Box, variance: Box) -> Box:
        (w, h), (pw, ph) = ((b[2] - b[0], b[3] - b[1]) for b in (box, prior))
        moved = [a - b for a, b in zip(box, prior, strict=True)]
        if self.code_type == "CORNER_SIZE":
            moved = [moved[0] / pw, moved[1] / ph, moved[2] / pw, moved[3] / ph]
        if self.code_type == "CENTER_SIZE":
            x, y = (moved[0] + moved[2]) / 2 / pw, (moved[1] + moved[3]) / 2 / ph
            moved = [x, y, math.log(w / pw), math.log(h / ph)]
        return [m / v for m, v in zip(moved, variance, strict=True)]

    def decode(self, code: Box, prior: Box, variance: Box) -> Box:
        if not self.encode_variance_in_target:
            code = [c * v for c, v in zip(code, variance, strict=True)]
        pw, ph = prior[2] - prior[0], prior[3] - prior[1]
        if self.code_type == "CENTER_SIZE":
            x = code[0] * pw + (prior[0] + prior[2]) / 2
            y = code[1] * ph + (prior[1] + prior[3]) / 2
            w, h = math.exp(code[2]) * pw, math.exp(code[3]) * ph
            return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        scale = (pw, ph, pw, ph) if self.code_type == "CORNER_SIZE" else (1, 1, 1, 1)
        return [p + c * s for p, c, s in zip(prior, code, scale, strict=True)]

    def match(self, truth: list[Box], boxes: list[Box]) -> tuple[list[int], list[float]]:
        """For each box, which of the ground truth (-1 none, -2 ignored), and the best overlap."""
        table = {
            (p, g): overlap_of(box, gt) for p, box in enumerate(boxes) for g, gt in enumerate(truth)
        }
        outside = [any(not 0 <= v <= 1 for v in box) for box in boxes]
        ignored = [self.ignore_cross_boundary_bbox and bool(truth) and out for out in outside]
        table = {at: o for at, o in table.items() if o > 1e-6 and not ignored[at[0]]}
        index = [-2 if skip else -1 for skip in ignored]
        most = [
            max((o for (q, _), o in table.items() if q == p), default=0.0)
            for p in range(len(boxes))
        ]
        left = set(range(len(truth)))
        while pairs := [at for at in table if index[at[0]] == -1 and at[1] in left]:
            p, g = max(pairs, key=lambda at: table[at])
            index[p] = g
            left.remove(g)
        for p, g in table:
            near = table[p, g] >= self.overlap_threshold and table[p, g] == most[p]
            if self.match_type == "PER_PREDICTION" and index[p] == -1 and near:
                index[p] = g
        return index, most

    def conf_term(self, scores: Box, hot: list[int]) -> float:
        if self.conf_loss_type == "SOFTMAX":
            return math.log(sum(map(math.exp, scores))) - scores[hot[-1]]
        return sum(math.log1p(math.exp(-s if c in hot else s)) for c, s in enumerate(scores))

    def loc_term(self, code: Box, gt: Box, prior: Box, variance: Box) -> float:
        target, box, total = self.encode(gt, prior, variance), prior, 0.0
        if not self.use_prior_for_matching:
            box = self.decode(code, prior, variance)
        for k in range(4):
            shrink = variance[k] if self.encode_variance_in_target else 1
            d = abs(code[k] / shrink - target[k])
            if self.bp_inside and not 0 <= box[k] <= 1:
                continue
            total += d * d / 2 if self.loc_loss_type == "L2" or d < 1 else d - 0.5
        return total

    def __call__(
        self, loc: Tensor, conf: Tensor, prior: Tensor, label: Tensor
    ) -> tuple[float, float, int]:
        """The sums of both terms, and the number of matches."""
        priors, variances = (rows_of(x) for x in prior.reshape(2, -1, 4))
        sums, matches = [0.0, 0.0], 0
        for n in range(IMAGES):
            rows = [r for r in rows_of(label.reshape(-1, 8)) if r[0] == n]
            rows = [r for r in rows if self.use_difficult_gt or not r[7]]
            codes = [rows_of(x) for x in loc[n].reshape(PRIORS, -1, 4).transpose(0, 1)]
            scores = rows_of(conf[n].reshape(PRIORS, CLASSES))
            sheets = [self.sheet(c, rows, codes[c], priors, variances) for c in range(len(codes))]
            hot = [[int(rows[s[0][p]][1]) for s in sheets if s[0][p] >= 0] for p in range(PRIORS)]
            lone = self.mining_type == "NONE" and self.conf_loss_type == "LOGISTIC"
            hot = [h or ([] if lone else [self.background_label_id]) for h in hot]
            terms = [self.conf_term(scores[p], hot[p]) for p in range(PRIORS)]
            losses = {
                (c, p): self.loc_term(codes[c][p], rows[i][3:7], priors[p], variances[p])
                for c, (index, _) in enumerate(sheets)
                for p, i in enumerate(index)
                if i >= 0
            }
            counted = set(range(PRIORS))
            if self.mining_type != "NONE":
                positive, counted = self.mine(
                    *sheets[0], rows, terms, losses, codes[0], priors, variances
                )
                losses = {at: loss for at, loss in losses.items() if at[1] in positive}
            sums[0] += sum(losses.values())
            sums[1] += sum(terms[p] for p in counted)
            matches += len(losses)
        return sums[0], sums[1], matches

    def sheet(
        self, cls: int, rows: list[Box], codes: list[Box], priors: list[Box], variances: list[Box]
    ) -> tuple[list[int], list[float]]:
        """The matches of the boxes of one class, or of all."""
        mine = [g for g, r in enumerate(rows) if self.share_location or r[1] == cls]
        if self.use_prior_for_matching:
            index, most = self.match([r[3:7] for r in rows], priors)
            return [i if i in mine or i < 0 else -1 for i in index], most
        boxes = [self.decode(*row) for row in zip(codes, priors, variances, strict=True)]
        index, most = self.match([rows[g][3:7] for g in mine], boxes)
        return [mine[i] if i >= 0 else i for i in index], most

    def mine(  # noqa: PLR0917 # what there is of an image
        self,
        index: list[int],
        most: list[float],
        rows: list[Box],
        terms: list[float],
        losses: dict[tuple[int, int], float],
        codes: list[Box],
        priors: list[Box],
        variances: list[Box],
    ) -> tuple[set[int], set[int]]:
        """The priors that are matched, and those whose scores count."""
        positive = {p for p in range(PRIORS) if index[p] >= 0}
        hard = self.mining_type == "HARD_EXAMPLE"
        if not rows:
            return set(), set()
        wanted = [
            p for p in range(PRIORS) if hard or (index[p] == -1 and most[p] < self.neg_overlap)
        ]
        total = [terms[p] + (losses.get((0, p), 0.0) if hard else 0.0) for p in range(PRIORS)]
        order = sorted(wanted, key=lambda p: -total[p])
        number = self.sample_size if hard else int(len(positive) * self.neg_pos_ratio)
        if self.nms_param:
            order = order if self.nms_param[1] < 0 else order[: self.nms_param[1]]
            boxes = (
                priors
                if self.use_prior_for_nms
                else [self.decode(*row) for row in zip(codes, priors, variances, strict=True)]
            )
            order = [p for p in order if area_of(boxes[p]) >= 1e-5]
            flags = suppressed([boxes[p] for p in order], self.nms_param[0], 1)
            order = [p for p, flag in zip(order, flags, strict=True) if flag]
        chosen = set(order[:number])
        kept = positive & chosen if hard else positive
        return kept, kept | {p for p in chosen if index[p] == -1}
