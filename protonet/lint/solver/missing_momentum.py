"""PN760."""

from collections.abc import Iterator
from types import MappingProxyType

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile

_MEANS = MappingProxyType(
    {
        "AdaDelta": ("the means of AdaDelta are only the last values", "0.95"),
        "Adam": ("the first mean of Adam is only the last gradient", "0.9"),
    }
)
"""What `momentum: 0` does to rules for which it is the weight of a mean, and a usual value."""


@SOLVER.rule("PN760")
def missing_momentum(solver: SolverFile) -> Iterator[Finding]:
    """The weight of a mean is 0, because Caffe's default is."""
    s = solver.message
    if s.type in _MEANS and not s.has("momentum"):
        does, usual = _MEANS[s.type]
        yield Finding(
            f"{does}: `momentum` is not set, and 0 unless it is",
            solver.tree.place("type"),
            f"write `momentum: {usual}`",
        )
