"""``protonet devices``."""

import click

from protonet.cli import _options
from protonet.report.devices import device_lines


@click.command()
@_options.gpus("Only these.")
def command(gpus: tuple[int, ...] | None) -> None:
    """List the CUDA devices."""
    for line in device_lines(() if gpus in (None, _options.ALL_GPUS) else gpus or ()):
        click.echo(line)
