"""Stochastic gradient descent with momentum."""

from typing import ClassVar

from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import NO_MOMENTUM, SMALLEST_EXACT, Rule, Step, decayed


class SGD(Rule):
    """``v = momentum * v + rate * g``, then ``w -= v``. Caffe: ``sgd_solver.cpp``.

    Differs from ``torch.optim.SGD``: the rate is inside the buffer, so what was done at an old rate
    goes on at that rate after a drop.
    """

    momentum_only: ClassVar[bool] = True

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        (velocity,) = group.history
        factor = step.rate * step.scale
        fused = self.operator("_fused_sgd_", group, gradients)
        if fused is None or not step.scale or 0 < abs(factor) < SMALLEST_EXACT:
            self._direct(group, decayed(group, gradients, step), step.rate)
            return
        # torch's buffer is `momentum * v + (1 - dampening) * (g + weight_decay * w)`.
        fused(
            group.blobs,
            gradients,
            velocity,
            weight_decay=step.decay / step.scale,
            momentum=self.solver.momentum or NO_MOMENTUM,
            lr=1.0,
            dampening=1 - factor,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )

    def _direct(self, group: Group, gradients: list[Tensor], rate: float) -> None:
        (velocity,) = group.history
        foreach.mul_(velocity, self.solver.momentum)
        foreach.add_(velocity, gradients, alpha=rate)
        foreach.sub_(group.blobs, velocity)
