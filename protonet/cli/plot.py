"""``protonet plot``."""

import click

from protonet.report.curves import read_curves
from protonet.report.plot import plot


@click.command()
@click.argument("names", metavar="LOG|RECORD|FOLDER...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    default="curves.png",
    show_default=True,
    metavar="FILE",
    help="The picture: .png, .svg or .pdf.",
)
def command(names: tuple[str, ...], output: str) -> None:
    """Plot the train and test curves of one or more trainings.

    Reads logs of protonet and of Caffe, and what `--record` wrote; of a folder, its newest.
    """
    plot([read_curves(name) for name in names], output)
    click.echo(f"wrote {output}", err=True)
