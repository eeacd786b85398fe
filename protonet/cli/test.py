"""``protonet test``."""

from functools import partial
from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.cli._device import prepared, reported
from protonet.net import Net
from protonet.report.ensemble import SEED, joined, told
from protonet.report.testing import test_lines
from protonet.train.length import WHOLE
from protonet.weights.loading import Loading


@click.command()
@click.option("--model", required=True, metavar="FILE", help="The net's prototxt.")
@click.option(
    "--weights", callback=_options.file_names, metavar="FILE[,FILE...]", help="Its weights."
)
@click.option(
    "--ensemble",
    callback=_options.file_names,
    metavar="FILE,FILE[,...]",
    help="Instead of --weights: score each of these weights, and the mean of their predictions.",
)
@click.option(
    "--blob",
    metavar="BLOB",
    help="With --ensemble: the blob of predictions, instead of what Accuracy reads.",
)
@click.option("--label", metavar="BLOB", help="With --ensemble: the blob of labels, likewise.")
@click.option(
    "--weights-fit",
    is_flag=True,
    help="With --ensemble: fit a share for each on the first half of the data, score the second.",
)
@_options.iterations
@click.option("--whole", is_flag=True, help="Score all of the data once, instead of --iterations.")
@_options.device
@_options.level
@_options.stages
@_options.of_execution
@_options.of_nets
@_options.of_compilation
@_options.of_loading
def command(
    model: str,
    weights: str | None,
    *,
    ensemble: str | None,
    blob: str | None,
    label: str | None,
    weights_fit: bool,
    iterations: int,
    whole: bool,
    device: str | None,
    level: int | None,
    stages: tuple[str, ...],
    loading: Loading,
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Score a net with its TEST data.

    Reports what was loaded, then prints each batch's outputs, then their means: over batches, or
    with --whole over records. With --ensemble, prints the accuracy of each file of weights and of
    their mean, over all records.
    """
    _check(weights, ensemble, extras=bool(blob or label or weights_fit), whole=whole)
    keep_freed_memory()
    place, execution = prepared(device, **options)
    build = partial(
        Net,
        model,
        phase="TEST",
        stages=stages,
        level=level,
        device=place,
        loading=loading,
        execution=execution,
    )
    if ensemble is not None:
        names = ensemble.split(",")
        nets = (reported(build(weights=name, seed=SEED)) for name in names)
        for line in told(joined(nets, blob=blob, label=label, fit=weights_fit), names):
            click.echo(line)
        return
    assert weights is not None
    net = reported(build(weights=weights.split(",")))
    for line in test_lines(net, WHOLE if whole else iterations):
        click.echo(line)
    for warning in net.feed.told():
        click.echo(warning.render(), err=True)


def _check(weights: str | None, ensemble: str | None, *, extras: bool, whole: bool) -> None:
    """Refuse options that do not go together."""
    if (weights is None) == (ensemble is None):
        raise click.UsageError("give --weights or --ensemble")
    if extras and ensemble is None:
        raise click.UsageError("--blob, --label and --weights-fit go with --ensemble")
    if _options.given("iterations") and (whole or ensemble is not None):
        other = "--whole" if whole else "--ensemble"
        raise click.UsageError(f"give --iterations or {other}, not both")
