"""Losses over class labels and over probabilities."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.message.common import LossParameter
from protonet.ops._apply import apply
from protonet.ops.counting import Counting
from protonet.ops.labels import class_indices, item_count, normalizer

LOG_FLT_MIN = math.log(torch.finfo(torch.float32).tiny)
"""The least logarithm that SoftmaxWithLoss takes, -87.3365 (Caffe's ``FLT_MIN``)."""

LOG_THRESHOLD = 1e-20
"""The least probability that InfogainLoss and MultinomialLogisticLoss take (``kLOG_THRESHOLD``)."""


class _Floor(torch.autograd.Function):
    """``max(x, least)`` whose gradient is 1 also below."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, least: float) -> Tensor:  # noqa: ARG004 # torch's signature
        return x.clamp(min=least)

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> tuple[Tensor, None]:  # noqa: ARG004 # torch's signature
        return diffs[0], None


class _NegativeLog(torch.autograd.Function):
    """``-log(max(p, 1e-20))`` with the gradient ``-1 / max(p, 1e-20)``; torch's clamp has 0."""

    @staticmethod
    def forward(ctx: Any, p: Tensor) -> Tensor:
        p = p.clamp(min=LOG_THRESHOLD)
        ctx.save_for_backward(p)
        return -p.log()

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> Tensor:
        (p,) = ctx.saved_tensors
        return -diffs[0] / p


def floored(x: Tensor, least: float) -> Tensor:
    """Return ``max(x, least)`` whose gradient is 1 also below."""
    return apply(_Floor, x, least)


class SoftmaxWithLoss(Counting):
    """``-sum log softmax(x)[label] / normalizer``, over the classes of ``axis``.

    A term is at most 87.3365; its gradient stays ``p - 1_label``. With ``label_smoothing`` a term
    is ``(1 - s) * -log p[label] + s * mean of -log p``, as torch's cross entropy has it.
    """

    def __init__(
        self,
        *,
        axis: int,
        normalization: LossParameter.NormalizationMode,
        ignore_label: int | None = None,
        prob: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        self.axis = axis
        self.normalization = normalization
        self.ignore_label = ignore_label
        self.prob = prob

    def forward(self, x: Tensor, label: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return the loss, of shape (), and with ``prob`` the probabilities (no gradient).

        Args:
            x: Scores.
            label: One a position, of any shape.

        Raises:
            ValueError: A label is no class.
        """
        axis = self.axis
        log_p = F.log_softmax(x, axis)
        positions = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        index, kept = class_indices(
            label, positions, classes=x.shape[axis], ignore_label=self.ignore_label
        )
        terms = floored(log_p.gather(axis, index), LOG_FLT_MIN)
        if self.label_smoothing:
            even = floored(log_p, LOG_FLT_MIN).mean(axis, keepdim=True)
            terms = torch.lerp(terms, even, self.label_smoothing)
        if kept is not None:
            terms = terms.masked_fill(~kept, 0)
        items = item_count(
            self.normalization,
            outer=math.prod(x.shape[:axis]),
            inner=math.prod(x.shape[axis + 1 :]),
            kept=kept,
        )
        self.count(items)
        loss = -terms.sum() / normalizer(items)
        return (loss, log_p.detach().exp()) if self.prob else loss


class InfogainLoss(Counting):
    """``-sum_l H[label, l] log softmax(x)_l / normalizer``, over the classes of ``axis``.

    ``log p`` is at least ``log 1e-20``; its gradient is that of ``log p`` nevertheless.
    """

    infogain: Tensor | None
    """H, where it is not a bottom."""

    def __init__(
        self,
        *,
        axis: int,
        classes: int,
        normalization: LossParameter.NormalizationMode,
        ignore_label: int | None = None,
        prob: bool = False,
        source: str = "",
    ) -> None:
        super().__init__()
        self.axis = axis
        self.classes = classes
        self.normalization = normalization
        self.ignore_label = ignore_label
        self.prob = prob
        self.source = source
        """The file of H, to be read before the first use; empty if H is a bottom."""
        self.register_buffer("infogain", None, persistent=False)

    def read(self, blob: Callable[[str], Tensor]) -> None:
        """Read H from ``source``.

        Args:
            blob: Reads a blob from a ``.binaryproto``.

        Raises:
            ValueError: H has not one row and one column a class.
        """
        matrix = blob(self.source)
        if matrix.numel() != self.classes**2:
            raise ValueError(
                f"`{self.source}` holds {tuple(matrix.shape)}, "
                f"but {self.classes} classes need {self.classes} x {self.classes} values"
            )
        self.infogain = matrix

    def forward(
        self, x: Tensor, label: Tensor, infogain: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Return the loss, of shape (), and with ``prob`` the probabilities (no gradient).

        Args:
            x: Scores.
            label: One a position, of any shape.
            infogain: H, K x K values of any shape; no gradient.

        Raises:
            ValueError: A label is no class, or H was not read.
        """
        axis, matrix = self.axis, self.infogain if infogain is None else infogain
        if matrix is None:
            raise ValueError(f"the infogain matrix `{self.source}` was not read")
        positions = (*x.shape[:axis], *x.shape[axis + 1 :])
        index, kept = class_indices(
            label, positions, classes=self.classes, ignore_label=self.ignore_label
        )
        rows = matrix.detach().to(x).reshape(self.classes, self.classes)[index]
        if kept is not None:
            rows = rows * kept.unsqueeze(-1)
        log_p = F.log_softmax(x, axis)
        terms = rows.movedim(-1, axis) * floored(log_p, math.log(LOG_THRESHOLD))
        items = item_count(
            self.normalization,
            outer=math.prod(x.shape[:axis]),
            inner=math.prod(x.shape[axis + 1 :]),
            kept=kept,
        )
        self.count(items)
        loss = -terms.sum() / normalizer(items)
        return (loss, log_p.detach().exp()) if self.prob else loss


class MultinomialLogisticLoss(nn.Module):
    """``-sum log max(p[label], 1e-20) / N`` of probabilities.

    The gradient is ``-1 / (N max(p, 1e-20))``, also below the bound.
    """

    def forward(self, p: Tensor, label: Tensor) -> Tensor:
        """Return the loss, of shape ().

        Args:
            p: ``(N, ...)``; all axes but the first are classes.
            label: N labels.

        Raises:
            ValueError: A label is no class.
        """
        rows = as_rows(p)
        index, _ = class_indices(label, (len(rows), 1), classes=rows.shape[1])
        return apply(_NegativeLog, rows.gather(1, index)).sum() / len(rows)


class HingeLoss(nn.Module):
    """``sum max(0, 1 - s x)^norm / N``; s is 1 at the label and -1 at every other class."""

    def __init__(self, *, squared: bool) -> None:
        super().__init__()
        self.squared = squared

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Return the loss, of shape ().

        Args:
            x: ``(N, ...)`` scores; all axes but the first are classes.
            label: N labels.

        Raises:
            ValueError: A label is no class.
        """
        rows = as_rows(x)
        index, _ = class_indices(label, (len(rows), 1), classes=rows.shape[1])
        sign = torch.ones_like(rows).scatter_(1, index, -1)
        margins = F.relu(1 + sign * rows)  # relu, not clamp: the gradient at the kink is 0
        return (margins.square() if self.squared else margins).sum() / len(rows)


class SigmoidCrossEntropyLoss(Counting):
    """``-sum (t log s(x) + (1 - t) log(1 - s(x))) / normalizer`` with ``s`` the sigmoid."""

    def __init__(
        self, *, normalization: LossParameter.NormalizationMode, ignore_label: int | None = None
    ) -> None:
        super().__init__()
        self.normalization = normalization
        self.ignore_label = ignore_label

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape ().

        Args:
            x: ``(N, ...)`` scores.
            target: As many values, from 0 to 1; one that truncates to ``ignore_label`` is left
                out.
        """
        target = target.detach().to(x).reshape(x.shape)
        terms = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        kept = None
        if self.ignore_label is not None:
            kept = target.long() != self.ignore_label
            terms = terms.masked_fill(~kept, 0)
        outer, inner = x.shape[0], math.prod(x.shape[1:])
        items = item_count(self.normalization, outer=outer, inner=inner, kept=kept)
        self.count(items)
        return terms.sum() / normalizer(items)


def as_rows(x: Tensor) -> Tensor:
    """Return ``(N, ...)`` as ``(N, count of the rest)``."""
    return x.flatten(1) if x.dim() > 1 else x.unsqueeze(1)
