"""Five blobs without a net, for update rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protonet.nets.blobs import Learnable
from protonet.spec.solver import SolverParameter
from tests.train.reference import Array, Reference

ITERATIONS = 12
SHAPES = ((3, 4), (3,), (2, 3, 2, 2), (), (5,))
LR_MULT = (1.0, 2.0, 1.0, 1.0, 0.0)
DECAY_MULT = (1.0, 0.0, 1.0, 1.0, 1.0)


def solver(**fields: object) -> SolverParameter:
    return SolverParameter.model_validate({"base_lr": 0.1, "lr_policy": "fixed", **fields})


@dataclass
class Blobs:
    """Five blobs, the last of them frozen, and gradients for them."""

    learnables: list[Learnable]
    gradients: list[list[Tensor]]

    @classmethod
    def make(cls, lr_mult: Sequence[float] = LR_MULT) -> "Blobs":
        generator = torch.Generator().manual_seed(1701)
        learnables = [
            Learnable(
                "ip",
                at,
                torch.nn.Parameter(
                    torch.randn(shape, generator=generator), requires_grad=bool(lr_mult[at])
                ),
                lr_mult[at],
                DECAY_MULT[at],
            )
            for at, shape in enumerate(SHAPES)
        ]
        gradients = [
            [torch.randn(shape, generator=generator) for shape in SHAPES] for _ in range(ITERATIONS)
        ]
        return cls(learnables, gradients)

    def reference(self, s: SolverParameter) -> Reference:
        weights = [b.tensor.detach().double().numpy().copy() for b in self.learnables]
        lr_mult = [b.lr_mult for b in self.learnables]
        return Reference(s, weights, lr_mult, [b.decay_mult for b in self.learnables])

    def give_gradients(self, it: int) -> list[Array]:
        """Set ``.grad`` of what learns; return the diffs as Caffe has them."""
        diffs: list[Array] = []
        for blob, gradient in zip(self.learnables, self.gradients[it], strict=True):
            if blob.tensor.requires_grad:
                blob.tensor.grad = gradient.clone()
            diffs.append(gradient.double().numpy() * blob.tensor.requires_grad)
        return diffs
