"""Adam."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step, decayed


class Adam(Rule):
    """Steps of a size that the gradients' scale does not change.

    With ``a = momentum``, ``b = momentum2`` and ``t`` iterations, this one included:
    ``m = a * m + (1 - a) * g``, ``v = b * v + (1 - b) * g^2``, then
    ``w -= rate * sqrt(1 - b^t) / (1 - a^t) * m / (sqrt(v) + delta)``. Kingma and Ba,
    arXiv:1412.6980. Caffe: ``adam_solver.cpp``.

    Differs from ``torch.optim.Adam``: ``a`` is 0 unless set, decay is always part of ``g``, and
    ``delta`` is added to the root as it is, before the correction by ``b``.
    """

    buffers: ClassVar[int] = 2

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        mean, square = group.history
        t = step.it + 1
        root = math.sqrt(1 - self.solver.momentum2**t)
        fused = self.operator("_fused_adam_", group, gradients)
        if fused is None:
            rate = step.rate * root / (1 - self.solver.momentum**t)
            self._direct(group, decayed(group, gradients, step), rate)
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
            beta1=self.solver.momentum,
            beta2=self.solver.momentum2,
            weight_decay=step.decay,
            eps=self.solver.delta / root,
            amsgrad=False,
            maximize=False,
            grad_scale=step.grad_scale(count),
        )

    def _direct(self, group: Group, gradients: list[Tensor], rate: float) -> None:
        mean, square = group.history
        foreach.lerp_(mean, gradients, 1 - self.solver.momentum)
        foreach.mul_(square, self.solver.momentum2)
        foreach.addcmul_(square, gradients, gradients, 1 - self.solver.momentum2)
        root = foreach.sqrt(square)
        foreach.add_(root, self.solver.delta)
        foreach.addcdiv_(group.blobs, mean, root, -rate)
