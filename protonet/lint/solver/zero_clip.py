"""PN763."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile


@SOLVER.rule("PN763")
def zero_clip(solver: SolverFile) -> Iterator[Finding]:
    """Every gradient is clipped to 0."""
    s = solver.message
    if s.has("clip_gradients") and s.clip_gradients == 0:
        yield Finding(
            "every gradient becomes 0: `clip_gradients` is 0",
            solver.tree.place("clip_gradients"),
            "without it nothing is clipped",
        )
