"""``protonet predict``."""

from pathlib import Path
from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.cli._device import prepared, reported
from protonet.cli._size import Size, read_size
from protonet.data.tools.photo import check_files, preparing, read_labels, read_mean
from protonet.net import Net
from protonet.report.predict import classifier, predict, prediction_json, prediction_lines
from protonet.weights.loading import Loading


@click.command()
@click.option("--model", required=True, metavar="FILE", help="The net's deploy.prototxt.")
@click.option(
    "--weights",
    required=True,
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Its weights.",
)
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="A file with the names of the classes, one a line.",
)
@click.option(
    "--mean", metavar="FILE|B,G,R", help="Subtract the mean: mean.binaryproto, or 104,117,123."
)
@click.option(
    "--scale", type=float, default=1.0, help="Multiply by this, after the mean: 0.00390625."
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How many classes to print.",
)
@click.option("--oversample", is_flag=True, help="Average over ten crops of each image.")
@click.option(
    "--resize",
    callback=read_size,
    metavar="HEIGHTxWIDTH",
    help="Resize to this before the crop; otherwise to what the net takes, or 8/7 of it with"
    " --oversample.",
)
@click.option("--blob", default="", help="Which blob has the scores, if there are several outputs.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="What to print.",
)
@_options.device
@_options.of_execution
@_options.of_nets
@_options.of_loading
def command(
    model: str,
    weights: str,
    *,
    images: tuple[str, ...],
    labels: Path | None,
    mean: str | None,
    scale: float,
    top: int,
    oversample: bool,
    resize: Size | None,
    blob: str,
    form: str,
    device: str | None,
    loading: Loading,
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Classify images with a net.

    Prints the best classes of each. Images are prepared as in Caffe's classification example:
    resized to what the net takes, blue, green, red or gray, minus the mean of each channel.
    """
    check_files(images)
    keep_freed_memory()
    place, execution = prepared(device, **options)
    net = Net(model, weights=weights.split(","), device=place, loading=loading, execution=execution)
    reported(net)
    found = classifier(net, blob)
    prepares = preparing(
        found.shape[1:],
        resize=(resize, resize) if isinstance(resize, int) else resize,
        mean=read_mean(mean, found.shape[1]) if mean else (),
        scale=scale,
        oversample=oversample,
    )
    names = read_labels(labels, found.classes) if labels else []
    predictions = predict(found, prepares, images, names, top)
    if form == "json":
        click.echo(prediction_json(predictions))
        return
    for line in prediction_lines(predictions):
        click.echo(line)
