"""PN767."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile


@SOLVER.rule("PN767")
def no_batches(solver: SolverFile) -> Iterator[Finding]:
    """A test looks at no batch."""
    for at, batches in enumerate(solver.message.test_iter):
        if batches == 0:
            yield Finding(
                "a test of no batches has no scores: `test_iter` is 0",
                solver.tree.place("test_iter", at),
                "leave out `test_iter` and `test_interval` if nothing is to be tested",
            )
