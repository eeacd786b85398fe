"""Nesterov's accelerated gradient."""

import math
from typing import ClassVar

from torch import Tensor

from protonet.spec.solver import SolverParameter
from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import NO_MOMENTUM, SMALLEST_EXACT, Rule, Step, decayed

LARGEST_UNIT = 2.0**40
"""History in larger units would leave the range of 32-bit floats."""


class Nesterov(Rule):
    """``v' = momentum * v + rate * g``, then ``w -= (1 + momentum) * v' - momentum * v``.

    Sutskever et al., ICML 2013. Caffe: ``nesterov_solver.cpp``. Computed as the equal
    ``w -= rate * g + momentum * v'``. Differs from torch as SGD does: the rate is in the buffer.

    torch's operator does ``c' = a * c + b * g`` and ``w -= l * (g + a * c')`` with one ``a``. So
    that the rate need not be multiplied into the gradient, which would be one more pass, the
    history holds ``c = k * v``, with a ``k`` that solves both: ``k' = sqrt(k / rate)``.
    """

    momentum_only: ClassVar[bool] = True

    def __init__(self, solver: SolverParameter, *, fused: bool = True) -> None:
        super().__init__(solver, fused=fused)
        self._units: dict[int, float] = {}

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step, with ``g = scale * gradient + decay * w``."""
        (history,) = group.history
        before = self._units.get(id(group), 1.0)
        factor = step.rate * step.scale
        unit = math.sqrt(before / factor) if factor > 0 else math.inf
        fused = self.operator("_fused_sgd_", group, gradients)
        fits = 1 / LARGEST_UNIT < unit < LARGEST_UNIT and unit * factor > SMALLEST_EXACT
        if fused is None or not fits:
            self._direct(group, decayed(group, gradients, step), step.rate)
            return
        self._units[id(group)] = unit
        fused(
            group.blobs,
            gradients,
            history,
            weight_decay=step.decay / step.scale,
            momentum=self.solver.momentum * unit / before or NO_MOMENTUM,
            lr=factor,
            dampening=1 - unit * factor,
            nesterov=True,
            maximize=False,
            is_first_step=False,
        )

    def settle(self, group: Group) -> None:
        """Bring a group's history to Caffe's units, in which ``k`` is 1."""
        (history,) = group.history
        foreach.mul_(history, 1 / self._units.pop(id(group), 1.0))

    def _direct(self, group: Group, gradients: list[Tensor], rate: float) -> None:
        self.settle(group)
        (velocity,) = group.history
        foreach.mul_(velocity, self.solver.momentum)
        foreach.add_(velocity, gradients, alpha=rate)
        foreach.add_(group.blobs, gradients, alpha=-rate)
        foreach.add_(group.blobs, velocity, alpha=-self.solver.momentum)
