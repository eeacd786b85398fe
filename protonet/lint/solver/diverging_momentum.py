"""PN761."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile


@SOLVER.rule("PN761")
def diverging_momentum(solver: SolverFile) -> Iterator[Finding]:
    """Updates grow without end."""
    s = solver.message
    if s.type in {"SGD", "Nesterov"} and s.momentum >= 1:
        yield Finding(
            f"every update adds to the next: `momentum` is {s.momentum:g}",
            solver.tree.place("momentum"),
            "use a value below 1, such as 0.9",
        )
