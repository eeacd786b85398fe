"""Nets of commands that have no solver: where and how they run, what weights did to them."""

from typing import TYPE_CHECKING, Unpack

import click

from protonet.cli._options import ExecutionOptions
from protonet.net import Net
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


def reported(net: Net) -> Net:
    """Report what weights did to a net, exceptions only."""
    if net.match and (report := net.match.report(plain=False)):
        click.echo(report, err=True)
    return net
