"""``protonet draw``."""

from typing import Literal

import click

from protonet.cli import _options
from protonet.cli._assume import assuming
from protonet.report.draw import draw


@click.command()
@click.argument("name", metavar="FILE")
@_options.phase
@_options.of_nets
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write: .svg, .png, .pdf, .dot or .mmd; without it, text is printed.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("dot", "mermaid", "svg", "png", "pdf")),
    help="The form, if the name of the output does not say it; dot by default.",
)
@click.option(
    "--direction",
    type=click.Choice(("TB", "LR")),
    default="TB",
    show_default=True,
    help="From top to bottom, or from left to right.",
)
def command(
    name: str,
    phase: str,
    output: str | None,
    form: str | None,
    direction: Literal["TB", "LR"],
) -> None:
    """Draw a net, with the shapes of its blobs.

    Layers are boxes, blobs the arrows between them. Pictures are made by graphviz's `dot`; `dot`
    and `mermaid` texts need no other program.
    """
    with assuming() as read:
        text = draw(name, phase, output=output, form=form, direction=direction, read=read)
    if text:
        click.echo(text, nl=False)
