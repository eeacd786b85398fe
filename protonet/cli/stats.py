"""``protonet stats``."""

from typing import Any

import click

from protonet.cli import _options


def _fillers(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Read ``xavier``, ``constant:0`` and ``gaussian:0.01``."""
    numbers = {"constant": "value", "gaussian": "std", "truncated_normal": "std"}
    found: dict[str, dict[str, Any]] = {}
    for text in values:
        kind, colon, number = text.partition(":")
        fields: dict[str, Any] = {"type": kind}
        if colon:
            if kind not in numbers:
                raise click.BadParameter(f"{kind!r} has no number: write {kind}.")
            try:
                fields[numbers[kind]] = float(number)
            except ValueError:
                raise click.BadParameter(f"{number!r} in {text!r} is no number.") from None
        found[text] = fields
    return found


@click.command()
@click.argument("name", metavar="FILE")
@_options.phase
@_options.of_nets
@click.option(
    "--filler",
    "fillers",
    multiple=True,
    callback=_fillers,
    metavar="TYPE[:NUMBER]",
    help="Fill all weights this way instead of the file's: constant:0, gaussian:0.01, xavier, "
    "msra; several are compared.",
)
@click.option(
    "--batch-norm",
    is_flag=True,
    help="Compare with BatchNorm after convolutions and inner products.",
)
@click.option(
    "--weights",
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Look at trained weights.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="For the fillers and the batch.",
)
@click.option("-o", "--output", metavar="FILE", help="Also plot it: stats.png.")
def command(
    name: str,
    *,
    phase: str,
    fillers: dict[str, dict[str, Any]],
    batch_norm: bool,
    weights: str | None,
    seed: int,
    output: str | None,
) -> None:
    """Show how large activations and gradients are in each layer.

    One batch is run. Signals should neither fade nor grow from layer to layer; where they do, a net
    learns late or never, and another filler or BatchNorm helps.
    """
    from protonet.report.stats import compare, plot, table, variants, verdict  # noqa: PLC0415 # torch takes its time

    found = variants(
        name, phase, fillers=fillers, batch_norm=batch_norm, weights=weights, seed=seed
    )
    for variant, rows in found.items():
        if len(found) == 1:
            click.echo(f"{table(rows)}\n")
        click.echo(f"{variant}: {verdict(rows)}")
    if len(found) > 1:
        click.echo(f"\nstandard deviation of the activations\n{compare(found)}")
    if output:
        plot(found, output)
        click.echo(f"wrote {output}", err=True)
