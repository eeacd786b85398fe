"""``--device`` and how a net is run, for commands that have no solver."""

from typing import TYPE_CHECKING, Unpack

import click

from protonet.cli._options import ExecutionOptions
from protonet.nets.execution import Execution
from protonet.train.device import available

if TYPE_CHECKING:
    import torch


def prepared(
    asked: str | None, **options: Unpack[ExecutionOptions]
) -> tuple["torch.device", Execution]:
    """Return where to run, the CPU unless asked otherwise, and how; tells what cannot be done."""
    device, warnings = available(asked or "cpu")
    execution, faults = Execution(**options).prepared(device)
    for warning in [*warnings, *faults]:
        click.echo(warning.render(), err=True)
    return device, execution
