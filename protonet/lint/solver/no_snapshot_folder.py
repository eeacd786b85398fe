"""PN768."""

from collections.abc import Iterator
from pathlib import Path

from protonet.lint.rule import Finding
from protonet.lint.scopes import SOLVER
from protonet.spec.read import SolverFile


@SOLVER.rule("PN768")
def no_snapshot_folder(solver: SolverFile) -> Iterator[Finding]:
    """The folder of the snapshots is missing."""
    prefix = solver.message.snapshot_prefix
    folder = Path(prefix).parent
    if prefix and not Path(prefix).is_dir() and not folder.is_dir():
        yield Finding(
            f"the folder `{folder}` of `snapshot_prefix` does not exist here",
            solver.tree.place("snapshot_prefix"),
            "make it, or train from where it is; paths count from the working directory",
        )
