"""``protonet finetune``."""

from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._run import RunOptions, run
from protonet.train.finetune import recipe_of


@click.command()
@click.option(
    "--weights",
    required=True,
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Weights to start from, by layer name: .caffemodel, .pth, .safetensors and more.",
)
@click.option(
    "--solver",
    metavar="FILE",
    default="solvers/finetune_digits.prototxt",
    show_default=True,
    help="The solver's prototxt.",
)
@click.option(
    "--freeze",
    multiple=True,
    metavar="LAYER",
    help="Keep a layer as it is; patterns like 'conv*' work.",
)
@click.option(
    "--train-only",
    multiple=True,
    metavar="LAYER",
    help="Let only these layers learn, even if the file freezes them; --freeze wins.",
)
@click.option(
    "--lr-mult", multiple=True, metavar="LAYER=FACTOR", help="Multiply the rates of a layer."
)
@click.option(
    "--num-output",
    multiple=True,
    metavar="LAYER=NUMBER",
    help="Give a layer another number of outputs; with --reinit or --adapt.",
)
@click.option(
    "--bn-frozen", is_flag=True, help="Keep all BatchNorms as they are, and the Scale after each."
)
@click.option("--base-lr", metavar="RATE", help="Set the solver's base_lr.")
@click.option(
    "--dry-run", is_flag=True, help="Print what would be trained, write the files, and stop there."
)
@_options.of_a_run
def command(
    weights: str,
    solver: str,
    *,
    freeze: tuple[str, ...],
    train_only: tuple[str, ...],
    lr_mult: tuple[str, ...],
    num_output: tuple[str, ...],
    bn_frozen: bool,
    base_lr: str | None,
    dry_run: bool,
    **options: Unpack[RunOptions],
) -> None:
    """Train a net that starts from the weights of another.

    Layers of the same name and shape are loaded, others keep their fillers' values. A table says
    where each blob's values come from, and at which rate it learns. The files as they are run are
    written beside the snapshots; `protonet train` can resume with them.

    The default solver adapts a base of the digits 0 to 4 to the digits 5 to 9.
    """
    recipe = recipe_of(
        freeze=freeze,
        train_only=train_only,
        bn_frozen=bn_frozen,
        lr_mult=lr_mult,
        num_output=num_output,
    )
    if base_lr is not None:
        options["settings"] = (*options["settings"], f"base_lr={base_lr}")
    run(solver, options, weights=weights, recipe=recipe, dry_run=dry_run)
