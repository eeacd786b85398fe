"""``protonet explain``."""

import click

from protonet.cli import _options
from protonet.spec.explain import explain


@click.command()
@click.argument("topic", metavar="CODE|TYPE|FILE")
@_options.plugin
def command(topic: str) -> None:
    """Explain a diagnostic code, a layer type or a solver file.

    A CODE is what a message shows, like PN101; a TYPE is that of a layer, like Convolution. For the
    FILE of a solver, like solvers/lenet_digits.prototxt, everything that it computes is printed.
    """
    if topic.endswith(".prototxt"):
        from protonet.report.explain_solver import explain_solver  # noqa: PLC0415 # codes need none of it

        click.echo(explain_solver(topic), nl=False)
        return
    click.echo(explain(topic), nl=False)
