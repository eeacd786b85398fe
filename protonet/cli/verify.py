"""``protonet verify``."""

import click

from protonet.cli import _options
from protonet.cli._device import reported
from protonet.export.verify import verify
from protonet.net import Net
from protonet.weights.loading import Loading


@click.command()
@click.argument("name", metavar="NET")
@click.option(
    "--weights", callback=_options.file_names, metavar="FILE[,FILE...]", help="Its weights."
)
@click.option(
    "--against",
    metavar="FILE|opencv",
    help="Compare with golden.npz, other.prototxt[:weights], file.onnx, or `opencv`.",
)
@click.option("--save", metavar="FILE", help="Write all blobs to a file for --against: golden.npz.")
@click.option(
    "--input", "inputs", metavar="FILE", help="A .npz with an array for each input, by its name."
)
@click.option("--seed", default=1701, show_default=True, help="For inputs that are random.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=1e-4,
    show_default=True,
    help="The largest difference allowed, over a blob's largest magnitude.",
)
@_options.of_nets
@_options.of_loading
def command(  # noqa: PLR0917 # click gives them by name
    name: str,
    weights: str | None,
    against: str | None,
    save: str | None,
    inputs: str | None,
    seed: int,
    tolerance: float,
    loading: Loading,
) -> None:
    """Compare what a net computes, blob by blob, with something else.

    Without --against: with the net's own layers run one by one, nothing joined, folded or written
    over. Exit status 1 if a blob diverges; the first one is named.
    """
    files = tuple(weights.split(",")) if weights else ()
    net = Net(name, phase="TEST", weights=files or None, loading=loading, seed=seed)
    if not files:
        click.echo("without --weights: blobs hold what their fillers draw", err=True)
    reported(net)
    found = verify(
        net, against, weights=files, inputs=inputs, seed=seed, tolerance=tolerance, save=save
    )
    for line in found.lines():
        click.echo(line)
    if found.first is not None:
        click.get_current_context().exit(1)
