"""``protonet finetune``."""

from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._run import RunOptions, run


@click.command()
@click.option(
    "--weights",
    required=True,
    metavar="FILE[,FILE...]",
    help="Weights to start from, by layer name: .caffemodel, .pth, .safetensors and more.",
)
@click.option(
    "--solver",
    metavar="FILE",
    default="solvers/finetune_digits.prototxt",
    show_default=True,
    help="The solver's prototxt.",
)
@_options.of_a_run
def command(weights: str, solver: str, **options: Unpack[RunOptions]) -> None:
    """Train a net that starts from the weights of another.

    Layers of the same name and shape are loaded, others keep their fillers' values; a report says
    which. The solver that ships adapts a base of the digits 0 to 4 to the digits 5 to 9.
    """
    run(solver, options, weights=weights)
