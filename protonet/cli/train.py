"""``protonet train``."""

from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._overfit import learn_by_heart
from protonet.cli._run import RunOptions, run


@click.command()
@click.option("--solver", required=True, metavar="FILE", help="The solver's prototxt.")
@click.option(
    "--weights",
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Weights to start from, by layer name.",
)
@click.option("--snapshot", metavar="FILE", help="A .solverstate to resume from.")
@click.option(
    "--overfit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only see whether the net can memorise N samples, as every sound net can.",
)
@_options.of_a_run
def command(
    solver: str,
    weights: str | None,
    snapshot: str | None,
    overfit: int | None,
    **options: Unpack[RunOptions],
) -> None:
    """Train a net as a solver file says.

    Ctrl-C stops it with a snapshot; SIGHUP writes a snapshot and continues. With --set or --seed,
    the files as they were run are written beside the snapshots.
    """
    if weights and snapshot:
        raise click.UsageError("give --snapshot to resume, or --weights to start anew, not both")
    if overfit:
        if weights or snapshot:
            raise click.UsageError("--overfit begins with the fillers: no --weights or --snapshot")
        learn_by_heart(solver, options, overfit)
    else:
        run(solver, options, weights=weights, snapshot=snapshot)
