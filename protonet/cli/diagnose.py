"""``protonet diagnose``."""

import click

from protonet.report.curves import read_curves
from protonet.report.diagnose import FEWEST, diagnose


@click.command()
@click.argument("name", metavar="LOG|RECORD|FOLDER")
def command(name: str) -> None:
    """Say what the curves of a training mean.

    Whether the rate is too high or too low, whether the net overfits, whether its first weights
    are poor, and what to try.

    Reads a log of protonet or of Caffe, or what `--record` wrote; of a folder, its newest. These
    are rules of thumb; `protonet explain` says more of each.
    """
    curves = read_curves(name)
    findings = diagnose(curves)
    for finding in findings:
        click.echo(f"{finding.render()}\n")
    if not findings:
        click.echo(f"{name}: {_reassurance(len(curves.loss.finite))}")


def _reassurance(points: int) -> str:
    if points >= FEWEST:
        return "nothing looks wrong"
    few = f"too few training losses to judge by, {points} where {FEWEST} say something"
    return f"{few}; a smaller `display` shows more"
