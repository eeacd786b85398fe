"""RMSProp."""

from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step, decayed


class RMSProp(Rule):
    """``h = rms_decay * h + (1 - rms_decay) * g^2``, then ``w -= rate * g / (sqrt(h) + delta)``.

    Tieleman and Hinton, Coursera lecture 6.5, 2012. Caffe: ``rmsprop_solver.cpp``.
    """

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        (squares,) = group.history
        gradients = decayed(group, gradients, step)
        foreach.mul_(squares, self.solver.rms_decay)
        foreach.addcmul_(squares, gradients, gradients, 1 - self.solver.rms_decay)
        root = foreach.sqrt(squares)
        foreach.add_(root, self.solver.delta)
        foreach.addcdiv_(group.blobs, gradients, root, -step.rate)
