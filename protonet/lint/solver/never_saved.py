"""PN764."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile


@SOLVER.rule("PN764")
def never_saved(solver: SolverFile) -> Iterator[Finding]:
    """A training leaves no weights behind."""
    s = solver.message
    late = not s.snapshot or 0 < s.max_iter < s.snapshot  # of epochs the number is not known
    if late and not s.snapshot_after_train and s.keep_best is None:
        yield Finding(
            "the weights are never saved: `snapshot_after_train` is false, and there is no "
            f"`snapshot` within {s.max_iter} iterations",
            solver.tree.place("snapshot_after_train"),
        )
