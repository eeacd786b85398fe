"""``protonet diff``."""

import click

from protonet.cli import _options
from protonet.cli._assume import assuming
from protonet.report.diff import diff


@click.command()
@click.argument("first", metavar="FILE")
@click.argument("second", metavar="OTHER")
@_options.of_nets
@click.option("--exit-code", is_flag=True, help="Exit with 1 if they differ.")
@click.pass_context
def command(ctx: click.Context, first: str, second: str, exit_code: bool) -> None:
    """Print what differs in meaning between two nets or solvers.

    Layers that came, went and changed, with their fields, shapes and rates. Comments, order of
    fields and old spellings do not count.
    """
    with assuming() as read:
        lines = diff(first, second, read)
    for line in lines or (f"{first} and {second} mean the same",):
        click.echo(line)
    ctx.exit(1 if exit_code and lines else 0)
