"""``protonet time``."""

from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.cli._device import prepared
from protonet.net import Net
from protonet.nets.execution import Execution
from protonet.report.timing import measure
from protonet.train.solver import Solver


@click.command()
@click.option("--model", metavar="FILE", help="The net's prototxt.")
@click.option("--solver", metavar="FILE", help="A solver's prototxt, for its train net.")
@_options.phase
@_options.iterations
@_options.device
@_options.level
@_options.stages
@_options.of_execution
@_options.of_nets
def command(
    *,
    model: str | None,
    solver: str | None,
    phase: str,
    iterations: int,
    device: str | None,
    level: int | None,
    stages: tuple[str, ...],
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Time the forward and backward pass of each layer."""
    if (model is None) == (solver is None):
        raise click.UsageError("give one of --model and --solver")
    if solver is not None and _options.given("phase"):
        raise click.UsageError("--phase goes with --model: of a solver, the train net is timed")
    keep_freed_memory()
    if solver is not None:
        execution = Execution(**options)
        net = Solver(solver, device=device, stages=stages, level=level, execution=execution).net
    else:
        assert model is not None
        place, execution = prepared(device, **options)
        net = Net(model, phase, stages, level, device=place, execution=execution)
    for line in measure(net, iterations).lines():
        click.echo(line)
