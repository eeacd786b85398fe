"""``protonet convert``."""

from pathlib import Path

import click

from protonet.cli import _options
from protonet.shape import Shape

STDIN = "-"

_TEXTS = ("deploy", "caffe")
_WEIGHTS = ("caffemodel", "h5", "pth", "safetensors", "npz")
_MODULES = ("torch", "onnx")


def _shapes(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, Shape]:
    """Read ``data=1x3x227x227``."""
    found: dict[str, Shape] = {}
    for value in values:
        name, _, size = value.rpartition("=")
        numbers = size.replace(",", "x").split("x")
        if not name or not all(number.isdecimal() for number in numbers):
            raise click.BadParameter(f"{value!r} is not of the form `data=1x3x227x227`.")
        found[name] = tuple(map(int, numbers))
    return found


@click.command()
@click.argument("names", metavar="[FILE...]", nargs=-1)
@click.option(
    "--to",
    type=click.Choice((*_TEXTS, *_WEIGHTS, *_MODULES)),
    help="What to convert to; without it, today's form of the same.",
)
@click.option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
@click.option("--in-place", "-i", is_flag=True, help="Overwrite the files; no copies are kept.")
@click.option("--diff", is_flag=True, help="Only print what would change.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    callback=_shapes,
    metavar="NAME=SHAPE",
    help="The shape of an input of a deploy net: data=1x3x227x227.",
)
@click.option("--weights", metavar="FILE", help="The weights to take along or to convert.")
@_options.of_nets
def command(
    *,
    names: tuple[str, ...],
    to: str | None,
    output: str | None,
    in_place: bool,
    diff: bool,
    inputs: dict[str, Shape],
    weights: str | None,
) -> None:
    """Update old files; convert nets and weights to other forms.

    \b
    no --to          nets and solvers of any age, or of a fork, in today's form
    --to deploy      a train_val net without data, loss and accuracy
    --to caffe       a net that BVLC's Caffe reads, and --weights beside it
    --to h5 ...      --weights in this form; FILE if they do not name layers
    --to torch|onnx  readable PyTorch source, or ONNX

    Comments and layout stay; each change is listed on stderr. FILE may be `-` for standard input,
    or a net in binary form, as in a .caffemodel.
    """  # noqa: D301 # click keeps the lines of a block that begins so
    _check_usage(names, to, output, weights, writes=in_place or diff)
    if inputs and to != "deploy":
        raise click.UsageError("--input goes with --to deploy.")
    if to in _WEIGHTS:
        _convert_weights(names, str(weights), str(output))
    elif to in _MODULES:
        _convert_module(names[0], to, str(output), weights)
    else:
        _convert_texts(names, to, inputs, output=output, in_place=in_place, diff=diff)
        if weights:
            target = Path(str(output)).with_suffix(".caffemodel")
            _convert_weights((), weights, str(target))


def _check_usage(
    names: tuple[str, ...], to: str | None, output: str | None, weights: str | None, *, writes: bool
) -> None:
    is_text = to is None or to in _TEXTS
    if not names and to not in _WEIGHTS:
        raise click.UsageError("Missing argument 'FILE...'.")
    if len(names) > 1 and (output or not is_text):
        raise click.UsageError("Only one FILE can be written to one --output.")
    if to in _WEIGHTS and not weights:
        raise click.UsageError(f"--to {to} needs --weights.")
    if to in _WEIGHTS and output and Path(output).suffix != f".{to}":
        raise click.UsageError(f"--output must end in .{to}.")
    if not output and (not is_text or weights):
        raise click.UsageError("--output is missing.")
    if weights and to in (None, "deploy"):
        raise click.UsageError(
            "--weights goes with --to caffe, torch, onnx or a format of weights."
        )
    if writes and (output or not is_text):
        raise click.UsageError("--in-place and --diff are for prototxts, without --output.")


def _convert_texts(
    names: tuple[str, ...],
    to: str | None,
    inputs: dict[str, Shape],
    *,
    output: str | None,
    in_place: bool,
    diff: bool,
) -> None:
    # `--help` must not wait for them.
    from protonet.export.binary_net import is_binary  # noqa: PLC0415 # as said above
    from protonet.export.text import convert_text, read  # noqa: PLC0415 # as said above

    for name in names:
        if in_place and is_binary(Path(name)):
            raise click.UsageError(f"{name} is binary: write the text with --output.")
        done = convert_text(read(name), to, inputs)
        for line in done.told:
            click.echo(line, err=True)
        if diff:
            _print(done.diff)
        elif in_place and name != STDIN:
            if done.text != done.source.text:
                _write(done.source.path or Path(name), done.text)
        elif output:
            _write(Path(output), done.text)
        else:
            _print(done.text)


def _convert_weights(names: tuple[str, ...], weights: str, output: str) -> None:
    from protonet.export.weights import convert_weights  # noqa: PLC0415 # it takes torch

    net = None
    if names:
        from protonet.net import Net  # noqa: PLC0415 # as above

        net = Net(names[0], phase="TEST")
    for line in convert_weights(Path(weights), Path(output), net):
        click.echo(line, err=True)


def _convert_module(name: str, to: str, output: str, weights: str | None) -> None:
    names = f"{name}{output}"
    if (
        names.encode(errors="replace").decode() != names
    ):  # these files hold them, or their writers fail
        raise click.UsageError(f"--to {to} needs names of files that are UTF-8.")
    tensors = Path(output).with_suffix(".safetensors")
    if to == "torch" and str(tensors) in {output, weights}:
        raise click.UsageError(f"The tensors would go to {tensors}: choose another --output.")
    from protonet.net import Net  # noqa: PLC0415 # it takes torch

    net = Net(name, phase="TEST", weights=weights)
    if to == "onnx":
        from protonet.export import onnx  # noqa: PLC0415 # an extra

        told = [f"wrote {output}", *(f"{output}: {note}" for note in onnx.write(net, output))]
    else:
        from protonet.export import source  # noqa: PLC0415 # as above

        told = [f"wrote {path}" for path in source.write(net, output)]
    for line in told:
        click.echo(line, err=True)


def _print(text: str) -> None:
    click.echo(text.encode("utf-8", "surrogateescape"), nl=False)


def _write(path: Path, text: str) -> None:
    from protonet.weights.atomic import replacing  # noqa: PLC0415 # as in `_convert_texts`

    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "surrogateescape"))
