"""``protonet extract``."""

from pathlib import Path
from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.cli._device import prepared, reported
from protonet.data.tools.features import writing
from protonet.data.tools.stores import Backend
from protonet.net import Net
from protonet.report.counting import counting
from protonet.report.features import check_blobs, extract
from protonet.weights.loading import Loading


@click.command()
@click.option("--model", required=True, metavar="FILE", help="The net's prototxt.")
@click.option(
    "--weights",
    required=True,
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Its weights.",
)
@click.option("--blob", required=True, metavar="BLOB[,BLOB...]", help="What to write: fc7,label.")
@_options.iterations
@click.option(
    "--whole", is_flag=True, help="Go over all of the data once, instead of --iterations."
)
@_options.phase_of("TEST")
@click.option(
    "--backend",
    type=click.Choice(("lmdb", "leveldb")),
    default="lmdb",
    show_default=True,
    help="The database to write, unless OUT ends with .npz or .h5.",
)
@click.argument("outs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OUT...")
@_options.device
@_options.level
@_options.stages
@_options.of_execution
@_options.of_nets
@_options.of_loading
def command(
    model: str,
    weights: str,
    *,
    blob: str,
    iterations: int,
    whole: bool,
    phase: str,
    backend: str,
    outs: tuple[Path, ...],
    device: str | None,
    level: int | None,
    stages: tuple[str, ...],
    loading: Loading,
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Write the features that a net computes.

    Features are the values of blobs, one row for each record that the net reads. An OUT that ends
    with .npz or .h5 holds all blobs by name. Other names are databases, one for each blob, as
    Caffe's extract_features writes them.
    """
    if whole and _options.given("iterations"):
        raise click.UsageError("give --iterations or --whole, not both")
    keep_freed_memory()
    place, execution = prepared(device, **options)
    net = Net(
        model,
        phase=phase,
        stages=stages,
        level=level,
        weights=weights.split(","),
        device=place,
        loading=loading,
        execution=execution,
    )
    reported(net)
    blobs = blob.split(",")
    check_blobs(net, blobs)
    number = -(-net.feed.epoch.records // net.feed.epoch.batch) if whole else iterations
    batches = net.feed.once() if whole else range(iterations)
    with (
        writing(outs, blobs, Backend(backend)) as sink,
        counting(number, "batches") as progress,
    ):
        rows = extract(net, blobs, batches, sink, progress)
    click.echo(f"{', '.join(map(str, outs))}: {rows:,} rows of {', '.join(blobs)}")
