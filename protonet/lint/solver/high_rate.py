"""PN762."""

from collections.abc import Iterator
from types import MappingProxyType

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile

_HIGH = MappingProxyType({"Adam": 0.1, "AdamW": 0.1, "Nesterov": 10.0, "SGD": 10.0})
"""What a rate, over 1 - momentum with SGD, hardly ever is."""


@SOLVER.rule("PN762")
def high_rate(solver: SolverFile) -> Iterator[Finding]:
    """The rate is far above what nets are trained with, or below 0."""
    s = solver.message
    if s.base_lr < 0:
        message = f"a rate of {s.base_lr:g} makes the loss rise: updates follow the gradient"
        yield Finding(message, solver.tree.place("base_lr"))
        return
    sums = s.type in {"SGD", "Nesterov"} and 0 < s.momentum < 1
    rate = s.base_lr / (1 - s.momentum) if sums else s.base_lr
    if s.clip_gradients > 0 or rate < _HIGH.get(s.type, float("inf")):
        return
    so = f"; with `momentum: {s.momentum:g}` it amounts to {rate:.0f}" if sums else ""
    yield Finding(
        f"a rate of {s.base_lr:g} is very high for `{s.type}`{so}", solver.tree.place("base_lr")
    )
