"""PN773."""

from collections.abc import Iterator

from protonet.diagnostics import Severity
from protonet.lint._stored import matches
from protonet.lint.rule import Finding
from protonet.lint.scopes import RUN, Run


@RUN.rule("PN773")
def unfit_weights(run: Run) -> Iterator[Finding]:
    """Weights that the solver names do not fit the net."""
    for at, path, match in matches(run):
        for bad in match.mismatched:
            yield Finding(
                f"layer `{bad.layer}` of `{path}` does not fit: {bad.reason}",
                run.solver.tree.place("weights", at),
                bad.help,
                severity=Severity.ERROR,
            )
        if not match.loaded and not match.mismatched:
            yield Finding(
                f"`{path}` has no layer of the net",
                run.solver.tree.place("weights", at),
                "layers are matched by name",
            )
