"""Blobs that are updated alike."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protonet.nets.blobs import Learnable


@dataclass(frozen=True, slots=True)
class Group:
    """Blobs that share both multipliers.

    Attributes:
        lr_mult: Multiplies the rate; 0 freezes.
        decay_mult: Multiplies ``weight_decay``.
        blobs: Parameters, and buffers such as BatchNorm's, which are frozen.
        history: A list for each buffer that the rule keeps a blob, in the order of ``blobs``.
    """

    lr_mult: float
    decay_mult: float
    blobs: list[Tensor]
    history: tuple[list[Tensor], ...]

    def gradients(self) -> list[Tensor]:
        """Return the gradients; a blob that got none has zeros, so that decay still reaches it."""
        return [torch.zeros_like(w) if w.grad is None else w.grad for w in self.blobs]


def group(learnables: Sequence[Learnable], history: Sequence[Sequence[Tensor]]) -> list[Group]:
    """Group the blobs that share both multipliers, in order of first use.

    Args:
        learnables: The blobs.
        history: The buffers of the rule, each in the order of ``learnables``.
    """
    members: defaultdict[tuple[float, float], list[int]] = defaultdict(list)
    for at, blob in enumerate(learnables):
        members[blob.lr_mult, blob.decay_mult].append(at)
    return [
        Group(
            lr_mult,
            decay_mult,
            [learnables[at].tensor for at in places],
            tuple([buffer[at] for at in places] for buffer in history),
        )
        for (lr_mult, decay_mult), places in members.items()
    ]
