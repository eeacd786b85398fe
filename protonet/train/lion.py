"""Lion, beyond Caffe."""

from typing import ClassVar

from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step


class Lion(Rule):
    """Steps of the same size for every weight, towards the sign of the momentum.

    With ``a = momentum`` and ``b = momentum2``: ``u = sign(a * m + (1 - a) * g)``,
    ``w -= rate * (u + decay * w)``, then ``m = b * m + (1 - b) * g``. Chen et al.,
    arXiv:2302.06675.

    ``momentum`` is 0.9 and ``momentum2`` 0.99 unless set.
    """

    decoupled: ClassVar[bool] = True

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient``."""
        (mean,) = group.history
        b = self.solver.momentum2 if self.solver.has("momentum2") else 0.99
        if step.scale != 1:
            foreach.mul_(gradients, step.scale)
        signs = foreach.lerp(mean, gradients, 1 - self.momentum(0.9))
        foreach.sign_(signs)
        foreach.mul_(group.blobs, 1 - step.rate * step.decay)
        foreach.add_(group.blobs, signs, alpha=-step.rate)
        foreach.lerp_(mean, gradients, 1 - b)
