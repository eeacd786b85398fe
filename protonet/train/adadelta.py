"""AdaDelta."""

from typing import ClassVar

from torch import Tensor

from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step, decayed


class AdaDelta(Rule):
    """A step whose size follows from those before it, with ``m = momentum``.

    ``h = m * h + (1 - m) * g^2``, ``v = g * sqrt((k + delta) / (h + delta))``,
    ``k = m * k + (1 - m) * v^2``, then ``w -= rate * v``. Zeiler, arXiv:1212.5701. Caffe:
    ``adadelta_solver.cpp``.
    """

    buffers: ClassVar[int] = 2

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        squares, steps = group.history
        gradients = decayed(group, gradients, step)
        momentum, delta = self.solver.momentum, self.solver.delta
        foreach.mul_(squares, momentum)
        foreach.addcmul_(squares, gradients, gradients, 1 - momentum)
        value = foreach.add(steps, delta)
        foreach.div_(value, foreach.add(squares, delta))
        foreach.sqrt_(value)
        foreach.mul_(value, gradients)
        foreach.mul_(steps, momentum)
        foreach.addcmul_(steps, value, value, 1 - momentum)
        foreach.add_(group.blobs, value, alpha=-step.rate)
