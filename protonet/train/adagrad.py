"""AdaGrad."""

import torch
from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step, decayed


class AdaGrad(Rule):
    """``h += g^2``, then ``w -= rate * g / (sqrt(h) + delta)``.

    Duchi et al., JMLR 12, 2011. Caffe: ``adagrad_solver.cpp``.
    """

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        (squares,) = group.history
        fused = self.operator("_fused_adagrad_", group, gradients)
        if fused is None:
            self._direct(group, decayed(group, gradients, step), step.rate)
            return
        once = torch.ones((), device=squares[0].device)
        fused(
            group.blobs,
            gradients,
            squares,
            [once] * len(squares),
            lr=step.rate,
            lr_decay=0.0,
            weight_decay=step.decay,
            eps=self.solver.delta,
            maximize=False,
            grad_scale=step.grad_scale(once),
        )

    def _direct(self, group: Group, gradients: list[Tensor], rate: float) -> None:
        (squares,) = group.history
        foreach.addcmul_(squares, gradients, gradients)
        root = foreach.sqrt(squares)
        foreach.add_(root, self.solver.delta)
        foreach.addcdiv_(group.blobs, gradients, root, -rate)
