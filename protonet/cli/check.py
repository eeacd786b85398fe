"""``protonet check``."""

import click

from protonet.cli import _options
from protonet.diagnostics import Severity
from protonet.report.check import check


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@_options.of_nets
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Report everything that is wrong with nets and solvers.

    Reads a FILE as what its fields say it is; of a solver, also the nets that it names. Opens no
    weights, and of data only the first record. Exits with 1 if there is an error.
    """
    wrong = False
    for name in names:
        problems = check(name)
        for problem in problems:
            click.echo(f"{problem.render()}\n", err=True)
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        click.echo(f"{name}: {_count(errors)}" if errors else f"{name}: ok")
        wrong = wrong or errors > 0
    ctx.exit(1 if wrong else 0)


def _count(errors: int) -> str:
    return "1 error" if errors == 1 else f"{errors} errors"
