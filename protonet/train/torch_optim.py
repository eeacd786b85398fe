"""Any class of ``torch.optim`` as an update rule, beyond Caffe."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn, optim

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.solver import SolverParameter
from protonet.train import foreach
from protonet.train.groups import Group
from protonet.train.rule import Rule, Step, decayed
from protonet.train.torch_classes import TorchClass, argument

SMALL = 2
"""No axis of a blob that only shows what a class remembers is longer."""


class TorchOptim(Rule):
    """A class of ``torch.optim``, given the gradient after clipping and ``iter_size``.

    ``base_lr`` with policy and ``lr_mult`` is its ``lr``, ``weight_decay`` with ``decay_mult`` its
    ``weight_decay``, ``momentum`` its ``momentum`` if it has one; ``optimizer_arg`` gives the
    others. A class that knows no decay gets it in the gradient. Frozen blobs are left alone.

    Args:
        solver: Its numbers.
        found: The class.
    """

    buffers: ClassVar[int] = 0

    def __init__(self, solver: SolverParameter, found: TorchClass) -> None:
        super().__init__(solver)
        self._name = found.name
        self._decays = "weight_decay" in found.arguments
        self._arguments = dict(map(argument, solver.optimizer_arg))
        if "momentum" in found.arguments and solver.has("momentum"):
            self._arguments["momentum"] = solver.momentum
        self._optimizers: dict[int, optim.Optimizer] = {}

    def prepare(self, groups: Iterable[Group]) -> None:
        """Make an optimizer for each group that learns.

        Raises:
            DiagnosticError: PN624, torch refuses an argument or a blob.
        """
        self._optimizers = {id(g): self._made(g.blobs) for g in groups if g.lr_mult}

    def _made(self, blobs: list[Tensor]) -> optim.Optimizer:
        try:
            return getattr(optim, self._name)(blobs, lr=0.0, **self._arguments)
        except (ValueError, TypeError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            message = f"`torch.optim.{self._name}` refuses what the solver gives it: {reason}"
            raise DiagnosticError([Diagnostic("PN624", message)]) from error

    def touches(self, group: Group, weight_decay: float) -> bool:
        """Tell whether updates change a group's weights at all."""
        return bool(group.lr_mult)

    def update(self, group: Group, gradients: list[Tensor], step: Step) -> None:
        """Do a step."""
        optimizer = self._optimizers[id(group)]
        (settings,) = optimizer.param_groups
        settings["lr"] = step.rate
        if self._decays:
            settings["weight_decay"] = step.decay
            foreach.mul_(gradients, step.scale)
        else:
            decayed(group, gradients, step)
        for w, gradient in zip(group.blobs, gradients, strict=True):
            w.grad = gradient
        optimizer.step()

    def state(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """Return all that the optimizers remember, blob after blob; before a step, nothing."""
        kept = {id(w): kept for each in self._optimizers.values() for w, kept in each.state.items()}
        return [value for w in weights for value in kept.get(id(w), {}).values()]

    def blank(self, weights: Sequence[Tensor]) -> list[Tensor]:
        """Return what ``state`` returns after a step, without values."""
        owners = self._owners()
        return [
            torch.empty(_shape(value, w), device="meta")
            for w in weights
            if id(w) in owners
            for value in self._remembered(w).values()
        ]

    def restore(self, weights: Sequence[Tensor], state: Iterable[Tensor]) -> None:
        """Take over what ``state`` gave: all of it, or nothing of a run without a step."""
        owners, saved = self._owners(), iter(state)
        for w in weights:
            if id(w) in owners and (first := next(saved, None)) is not None:
                kept = self._remembered(w)
                values = [first, *(next(saved) for _ in list(kept)[1:])]
                owners[id(w)].state[w] = {
                    key: _as(like, w, value)
                    for (key, like), value in zip(kept.items(), values, strict=True)
                }

    def _owners(self) -> dict[int, optim.Optimizer]:
        made = self._optimizers.values()
        return {id(w): each for each in made for w in each.param_groups[0]["params"]}

    def _remembered(self, w: Tensor) -> dict[str, Tensor]:
        """Return what a step leaves of a small blob that has as many axes."""
        small = nn.Parameter(torch.zeros([min(n, SMALL) for n in w.shape], device=w.device))
        small.grad = torch.zeros_like(small)
        optimizer = self._made([small])
        optimizer.step()
        return optimizer.state[small]


def _shape(small: Tensor, w: Tensor) -> tuple[int, ...]:
    """Return the shape for a blob of what has a shape for a small blob."""
    if small.dim() != w.dim():
        return tuple(small.shape)
    return tuple(n if s == min(n, SMALL) else s for s, n in zip(small.shape, w.shape, strict=True))


def _as(small: Tensor, w: Tensor, value: Tensor) -> Tensor:
    """Return a restored value on the device, and in the layout, that the class would have it in."""
    value = value.reshape(_shape(small, w)).to(small)
    return (
        torch.empty_like(w, device=small.device).copy_(value) if value.shape == w.shape else value
    )
