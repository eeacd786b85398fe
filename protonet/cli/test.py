"""``protonet test``."""

from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.cli._device import prepared
from protonet.net import Net
from protonet.report.testing import test_lines
from protonet.weights.loading import Loading


@click.command()
@click.option("--model", required=True, metavar="FILE", help="The net's prototxt.")
@click.option("--weights", required=True, metavar="FILE[,FILE...]", help="Its weights.")
@_options.iterations
@_options.device
@_options.of_execution
@_options.of_nets
@_options.of_compilation
@_options.of_loading
def command(
    model: str,
    weights: str,
    iterations: int,
    device: str | None,
    loading: Loading,
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Score a net with its TEST data.

    Prints each batch's outputs, then the means over all of them; before them, what the weights do
    not fill or is done to them.
    """
    keep_freed_memory()
    place, execution = prepared(device, **options)
    net = Net(
        model,
        phase="TEST",
        weights=weights.split(","),
        device=place,
        loading=loading,
        execution=execution,
    )
    if net.match and (report := net.match.report(plain=False)):
        click.echo(report, err=True)
    for line in test_lines(net, iterations):
        click.echo(line)
