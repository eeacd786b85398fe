"""One update of all weights, in Caffe's order: clip, normalise, regularise, apply the rule.

What Caffe has not comes last: the rows of a blob with a `max_norm` are scaled back to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import torch
from torch import Tensor

from protonet.message.base import float32
from protonet.nets.blobs import Learnable
from protonet.spec.solver import SolverParameter
from protonet.train import foreach
from protonet.train.adadelta import AdaDelta
from protonet.train.adagrad import AdaGrad
from protonet.train.adam import Adam
from protonet.train.adamw import AdamW
from protonet.train.events import Clipped
from protonet.train.groups import Group, group
from protonet.train.lion import Lion
from protonet.train.nesterov import Nesterov
from protonet.train.rmsprop import RMSProp
from protonet.train.rule import Rule, Step
from protonet.train.sgd import SGD
from protonet.train.torch_classes import find
from protonet.train.torch_optim import TorchOptim

RULES: Mapping[str, type[Rule]] = MappingProxyType(
    {r.__name__: r for r in (SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam, AdamW, Lion)}
)
"""Update rules by a solver's ``type``."""


def rule(solver: SolverParameter, *, fused: bool = True) -> Rule:
    """Return the rule of a solver: one of ``RULES``, or a class of ``torch.optim``."""
    if solver.type in RULES:
        return RULES[solver.type](solver, fused=fused)
    found = find(solver.type, tuple(RULES))
    assert found is not None  # the solver's file has been checked
    return TorchOptim(solver, found)


class Optimizer:
    """Holds the history of a net's blobs and updates both.

    Args:
        learnables: The blobs, in Caffe's order.
        solver: Its ``type`` and numbers.
        fused: False refuses torch's fused operators.
    """

    def __init__(
        self, learnables: Sequence[Learnable], solver: SolverParameter, *, fused: bool = True
    ) -> None:
        self._solver = solver
        self._rule = rule(solver, fused=fused)
        self._weights = [blob.tensor for blob in learnables]
        buffers = [[torch.zeros_like(w) for w in self._weights] for _ in range(self._rule.buffers)]
        self._history = [h for buffer in buffers for h in buffer]
        self._groups = group(learnables, buffers)
        self._rule.prepare(self._groups)
        self._bounded = [b for b in learnables if b.max_norm and b.lr_mult]
        self._touched = self._find_touched()

    @property
    @torch.no_grad()
    def history(self) -> list[Tensor]:
        """The rule's buffers: one for each learnable blob in Caffe's order, frozen ones included.

        Then, for AdaDelta, Adam and AdamW, the second of each. Classes of ``torch.optim`` have what
        they remember, blob after blob; before their first step that is nothing.
        """
        for one in self._groups:
            self._rule.settle(one)
        return [*self._history, *self._rule.state(self._weights)]

    def expected(self, it: int) -> list[Tensor]:
        """Return what a history after ``it`` iterations has to look like; values do not count."""
        return [*self._history, *(self._rule.blank(self._weights) if it else ())]

    @torch.no_grad()
    def step(self, rate: float, it: int) -> Clipped | None:
        """Update weights and history by the gradients, which may be overwritten.

        Args:
            rate: The learning rate.
            it: Iterations done before this one.

        Returns:
            What clipping did, if it did anything.
        """
        clipped = self._clip()
        scale = (clipped.scale if clipped else 1.0) / self._solver.iter_size
        for one in self._touched:
            decay = float32(self._solver.weight_decay * one.decay_mult)
            step = Step(float32(rate * one.lr_mult), scale, decay, it)
            self._update(one, step)
        for blob in self._bounded:
            _bound(blob.tensor, blob.max_norm)
        return clipped

    def clear(self) -> None:
        """Drop the gradients."""
        for w in self._weights:
            w.grad = None

    @torch.no_grad()
    def restore(self, history: Iterable[Tensor]) -> None:
        """Take over the values of another history of the same blobs."""
        other = iter(history)
        for mine, theirs in zip(self.history[: len(self._history)], other, strict=False):
            mine.copy_(theirs.reshape(mine.shape))
        self._rule.restore(self._weights, other)
        # A frozen blob whose restored momentum is not 0 keeps moving by it, as in Caffe.
        self._touched = self._find_touched()

    def _find_touched(self) -> list[Group]:
        return [g for g in self._groups if self._rule.touches(g, self._solver.weight_decay)]

    def _clip(self) -> Clipped | None:
        limit = self._solver.clip_gradients
        if limit < 0:
            return None
        gradients = [w.grad for w in self._weights if w.grad is not None]
        # Caffe clips the sum over `iter_size` batches, before it is divided.
        norm = float(torch.nn.utils.get_total_norm(gradients))
        return Clipped(norm, limit, limit / norm) if norm > limit else None

    def _update(self, one: Group, step: Step) -> None:
        gradients = one.gradients()
        if self._solver.clip_value >= 0:
            foreach.mul_(gradients, step.scale)
            foreach.clamp_max_(gradients, self._solver.clip_value)
            foreach.clamp_min_(gradients, -self._solver.clip_value)
            step = replace(step, scale=1.0)
        if self._solver.regularization_type == "L1" and step.decay:
            foreach.mul_(gradients, step.scale)
            foreach.add_(gradients, foreach.sign(one.blobs), alpha=step.decay)
            step = replace(step, scale=1.0, decay=0.0)
        self._rule.update(one, gradients, step)


def _bound(blob: Tensor, limit: float) -> None:
    """Scale the rows (axis 0) of a blob back to an L2 norm of ``limit``; a scalar is a row."""
    rows = blob if blob.dim() > 1 else blob.view(-1, 1)  # torch's wants two axes
    rows.renorm_(2, 0, limit)
