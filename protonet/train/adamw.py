"""AdamW, beyond Caffe."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step


class AdamW(Rule):
    """Adam whose decay is no part of the gradient: ``w -= rate * decay * w`` beside Adam's step.

    With ``a = momentum``, ``b = momentum2`` and ``t`` iterations, this one included:
    ``m = a * m + (1 - a) * g``, ``v = b * v + (1 - b) * g^2``, then
    ``w -= rate * (m / (1 - a^t) / (sqrt(v / (1 - b^t)) + delta) + decay * w)``. Loshchilov and
    Hutter, arXiv:1711.05101; the numbers are those of ``torch.optim.AdamW``.

    ``momentum`` is 0.9 unless set. Differs from torch: the decay is 0 unless ``weight_decay`` is
    set, and ``decay_mult`` and ``lr_mult`` count.
    """

    buffers: ClassVar[int] = 2
    decoupled: ClassVar[bool] = True

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient``."""
        mean, square = group.history
        t = step.it + 1
        a, b = self.momentum(0.9), self.solver.momentum2
        fused = self.operator("_fused_adamw_", group, gradients)
        if fused is None:
            self._direct(group, gradients, step)
            return
        count = torch.full((), t, dtype=torch.float32, device=mean[0].device)
        fused(
            group.blobs,
            gradients,
            mean,
            square,
            [],
            [count] * len(mean),
            lr=step.rate,
            beta1=a,
            beta2=b,
            weight_decay=step.decay,
            eps=self.solver.delta,
            amsgrad=False,
            maximize=False,
            grad_scale=step.grad_scale(count),
        )

    def _direct(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        mean, square = group.history
        t, a, b = step.it + 1, self.momentum(0.9), self.solver.momentum2
        foreach.mul_(gradients, step.scale)
        foreach.lerp_(mean, gradients, 1 - a)
        foreach.mul_(square, b)
        foreach.addcmul_(square, gradients, gradients, 1 - b)
        root = foreach.sqrt(square)
        foreach.mul_(root, 1 / math.sqrt(1 - b**t))
        foreach.add_(root, self.solver.delta)
        foreach.mul_(group.blobs, 1 - step.rate * step.decay)
        foreach.addcdiv_(group.blobs, mean, root, -step.rate / (1 - a**t))
