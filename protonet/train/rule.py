"""What an update rule is: Caffe's ComputeUpdateValue and Update, for a group of blobs at once."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor

from protonet.spec.solver import SolverParameter
from protonet.train import foreach
from protonet.train.groups import Group

SMALLEST_EXACT = 2.0**-30
"""A 32-bit float ``r`` of at least this survives ``1 - (1 - r)`` in 64 bits."""
CHANNELS_LAST_AXES = 4
NO_MOMENTUM = 2.3e-308
"""Stands for a momentum of 0, with which torch refuses buffers; as a 32-bit float it is 0."""


@dataclass(frozen=True, slots=True)
class Step:
    """The numbers of one update: the gradient that counts is ``scale * g + decay * w``.

    Attributes:
        rate: The learning rate, times ``lr_mult``.
        scale: What clipping and ``iter_size`` make of the gradient.
        decay: ``weight_decay`` times ``decay_mult``.
        it: Iterations done before this one.
    """

    rate: float
    scale: float
    decay: float
    it: int

    def grad_scale(self, like: Tensor) -> Tensor | None:
        """Return what torch's fused operators divide gradients by; None stands for 1."""
        if self.scale == 1:
            return None
        return torch.tensor(1 / self.scale if self.scale else math.inf, device=like.device)


class Rule(ABC):
    """How a gradient changes a weight.

    ``update`` has a fused form, one pass over memory in a private operator of torch, and a direct
    one, for the rates, layouts and versions of torch that the first cannot do.
    """

    buffers: ClassVar[int] = 1
    """How many history blobs a weight has."""
    momentum_only: ClassVar[bool] = False
    """A rate of 0 keeps the history from taking in the gradient."""
    decoupled: ClassVar[bool] = False
    """Decay is no part of the gradient, and so none of the history."""

    def __init__(self, solver: SolverParameter, *, fused: bool = True) -> None:
        self.solver = solver
        self.fused = fused

    @abstractmethod
    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Change a group's weights and history; the gradients may be overwritten."""

    def settle(self, group: Group) -> None:  # noqa: B027 # most rules have nothing to do
        """Bring a group's history to Caffe's units, if the rule keeps it in others."""

    def prepare(self, groups: Iterable[Group]) -> None:  # noqa: B027
        """Get to know the groups that there are."""

    def state(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """Return what it remembers beyond the history, blob after blob."""
        return []

    def blank(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """Return what ``state`` returns after a step, without values."""
        return []

    def restore(self, weights: Sequence[Tensor], state: Iterable[Tensor]) -> None:  # noqa: B027
        """Take over what ``state`` gave, or nothing of a run without a step."""

    def momentum(self, usual: float) -> float:
        """Return ``momentum``, or a number beyond Caffe's 0 where it is not set."""
        return self.solver.momentum if self.solver.has("momentum") else usual

    def touches(self, group: Group, weight_decay: float) -> bool:
        """Tell whether updates change a group's weights or history at all.

        In most rules weight decay reaches the history of a frozen blob too, and so does the
        gradient that ``force_backward`` gives it.
        """
        if group.lr_mult or any(bool(h.any()) for buffer in group.history for h in buffer):
            return True
        if self.momentum_only:
            return False
        decays = bool(weight_decay * group.decay_mult) and not self.decoupled
        return decays or any(w.requires_grad for w in group.blobs)

    def operator(
        self, name: str, group: Group, gradients: list[Tensor]
    ) -> Callable[..., None] | None:
        """Return torch's fused operator of that name, if there is one and it can take the tensors.

        The operators walk through memory and do not look at strides.
        """
        lists = (gradients, *group.history)
        if self.fused and all(
            _same_layout(w, other)
            for one in lists
            for w, other in zip(group.blobs, one, strict=True)
        ):
            fused = getattr(torch, name, None)
            return None if fused is None else partial(_in_order, fused)
        return None


def _in_order(fused: Callable[..., None], *lists: Sequence[Tensor], **numbers: Any) -> None:
    """Call an operator with the tensors' axes in the order that their elements lie in memory.

    It copies what is not contiguous, as blobs in channels_last.
    """
    fused(*([_contiguous(tensor) for tensor in one] for one in lists), **numbers)


def _contiguous(tensor: Tensor) -> Tensor:
    """Return the tensor itself, or a contiguous view of one in channels_last."""
    if tensor.is_contiguous() or tensor.dim() != CHANNELS_LAST_AXES:
        return tensor
    return tensor.permute(0, 2, 3, 1)


def _same_layout(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tensors of one shape have their elements in the same order."""
    return a.stride() == b.stride() or all(
        s == t or n == 1 for s, t, n in zip(a.stride(), b.stride(), a.shape, strict=True)
    )


def decayed(group: Group, gradients: list[Tensor], step: Step) -> list[Tensor]:
    """Return ``scale * g + decay * w``, written over the gradients."""
    if step.scale != 1:
        foreach.mul_(gradients, step.scale)
    if step.decay:
        foreach.add_(gradients, group.blobs, alpha=step.decay)
    return gradients
