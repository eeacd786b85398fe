"""``protonet train --overfit``."""

import click

from protonet.cli._allocator import keep_freed_memory
from protonet.cli._options import given
from protonet.cli._run import RunOptions, listening, read_file
from protonet.cli._start import start
from protonet.diagnostics import DiagnosticError
from protonet.train.overfit import doubt, overfit

_OTHERS = frozenset(
    {
        *("export", "record", "tensorboard", "embed", "amp", "compile", "channels_last"),
        *("deterministic", "tf32", "adapt", "rename", "reinit", "strict", "by_order"),
    }
)
"""Options of a training that have no say here."""


def learn_by_heart(solver: str, options: RunOptions, samples: int) -> None:
    """Train on a few samples, and say what came of it.

    Raises:
        DiagnosticError: PN649, the net has not learnt them.
    """
    if options["gpus"] or options["processes"]:
        raise click.UsageError("--overfit runs in one process")
    for option in click.get_current_context().command.params:
        if option.name in _OTHERS and given(option.name):
            raise click.UsageError(f"--overfit only looks, and does not know {option.opts[0]}")
    device, _ = start(options["device"], None, None)
    keep_freed_memory()
    file = read_file(solver, options, None, writes=False)
    with listening(plain=options["plain"]) as listener:
        verdict = overfit(file, samples, device=device, listeners=[listener])
    if not verdict.learnt:
        raise DiagnosticError([doubt(verdict)])
    click.echo(f"memorised {verdict.samples} samples in {verdict.it} iterations: {verdict.told}")
