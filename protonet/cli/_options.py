"""Options that several commands have."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Literal, NotRequired, TypedDict, TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

ALL_GPUS = (-1,)
"""Stands for `--gpus all`: counting them takes torch."""


def _gpus(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Read ``0,1`` or ``all``."""
    if value is None or value == "all":
        return None if value is None else ALL_GPUS
    numbers = value.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise click.BadParameter(f"{value!r} is neither `all` nor numbers with commas between.")
    if len(set(numbers)) < len(numbers):
        raise click.BadParameter(f"{value!r} names a GPU twice.")
    return tuple(map(int, numbers))


def _load(ctx: click.Context, param: click.Parameter, names: tuple[str, ...]) -> None:
    from protonet.layers.plugins import load  # noqa: PLC0415 # `--help` must not wait for it

    for name in names:
        load(name)


class ExecutionOptions(TypedDict):
    """What `of_execution` adds to a command."""

    amp: Literal["bf16", "fp16"] | None
    compile: NotRequired[bool]
    channels_last: Literal["auto", "on", "off"]
    deterministic: bool
    tf32: bool


def gpus(help: str) -> Callable[[F], F]:  # noqa: A002 # click's own word
    """Return the option ``--gpus``."""
    return click.option("--gpus", callback=_gpus, metavar="all|N[,N...]", help=help)


def file_names(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty one among names of files with commas between: it would mean fillers."""
    names = None if value is None else [name.strip() for name in value.split(",")]
    if names and not all(names):
        raise click.BadParameter(f"{value!r} has an empty file name")
    return ",".join(names) if names else None


class _Device(click.Choice[str]):
    """``auto``, ``cpu``, ``cuda``, or one device of several: ``cuda:1``."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name, _, number = value.partition(":")
        if name == "cuda" and number.isdecimal():
            return value
        return super().convert(value, param, ctx)


def _stages(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(value.split(",")) if value else ()


device = click.option(
    "--device",
    type=_Device(("auto", "cpu", "cuda")),
    help="Where to run: `auto` uses CUDA if there is any; cuda:1 is the second GPU.",
)
level = click.option(
    "--level", type=int, help="The level that the rules of layers are held against."
)
stages = click.option(
    "--stage",
    "stages",
    default="",
    callback=_stages,
    metavar="STAGE[,STAGE...]",
    help="The stages that the rules of layers are held against.",
)
iterations = click.option(
    "--iterations",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many batches to run.",
)


def phase_of(default: Literal["TRAIN", "TEST"]) -> Callable[[F], F]:
    """Return ``--phase``."""
    return click.option(
        "--phase",
        type=click.Choice(("TRAIN", "TEST"), case_sensitive=False),
        default=default,
        show_default=True,
        help="Which layers take part.",
    )


phase = phase_of("TRAIN")


def _allow(ctx: click.Context, param: click.Parameter, allowed: bool) -> None:
    if allowed:
        from protonet.ops.python_layer import PERMISSION  # noqa: PLC0415 # as above

        PERMISSION.granted = True


def _prefer(ctx: click.Context, param: click.Parameter, dialect: str | None) -> None:
    if dialect is not None:
        from protonet.spec.dialect import PREFERENCE  # noqa: PLC0415 # as above

        PREFERENCE.dialect = dialect


plugin = click.option(
    "--plugin",
    multiple=True,
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_load,
    help="Load layers of your own: my_layers.py, or a module.",
)
_NETS = (
    plugin,
    click.option(
        "--dialect",
        metavar="FORK",
        expose_value=False,
        callback=_prefer,
        help="The fork of Caffe that nets were written for: segnet, pspnet, ssd ...",
    ),
    click.option(
        "--allow-python-layers",
        is_flag=True,
        expose_value=False,
        callback=_allow,
        help="Run the code of Python layers.",
    ),
)
_LOADING = (
    click.option(
        "--adapt",
        multiple=True,
        metavar="LAYER=first|pad",
        help="For another number of classes: take the first, or fill only the first.",
    ),
    click.option(
        "--map",
        "rename",
        multiple=True,
        metavar="OLD=NEW|FILE",
        help="Load layer OLD of the weights into layer NEW of the net; or a file of such lines.",
    ),
    click.option(
        "--reinit",
        multiple=True,
        metavar="LAYER",
        help="Learn a layer anew; patterns like fc* work.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Refuse weights that lack a blob of the net or have other layers.",
    ),
    click.option(
        "--by-order", is_flag=True, help="Match layers by order and shape instead of by name."
    ),
)
_COMPILE = click.option(
    "--compile", is_flag=True, help="Compile the net with torch.compile, which takes a minute."
)
_EXECUTION = (
    click.option(
        "--amp",
        type=click.Choice(("bf16", "fp16")),
        help="Run convolutions and inner products in 16 bits.",
    ),
    click.option(
        "--channels-last",
        type=click.Choice(("auto", "on", "off")),
        default="auto",
        show_default=True,
        help="Keep 4-D blobs with their channels last; `auto` where it is faster.",
    ),
    click.option(
        "--deterministic",
        is_flag=True,
        help="Use only kernels whose results do not differ between runs.",
    ),
    click.option("--tf32", is_flag=True, help="Let CUDA round the factors of products to TF32."),
)
_RUN = (
    device,
    gpus("Train on these GPUs of this machine, one process for each."),
    click.option(
        "--processes",
        type=click.IntRange(min=1),
        help="Train in so many processes; on the CPU unless --device says otherwise.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Set a field of the solver, or of layers: base_lr=0.01, layer.conv*.lr_mult=0.",
    ),
    click.option("--seed", type=click.IntRange(min=0), help="Set the solver's random_seed."),
    click.option(
        "--cache-frozen",
        type=click.Choice(("OFF", "AUTO", "RAM", "DISK"), case_sensitive=False),
        help="Where to keep the features of frozen layers; sets cache_frozen.",
    ),
    click.option("--export", metavar="FILE", help="Also write the weights at the end: base.pth."),
    click.option(
        "--record",
        metavar="FILE",
        help="Also append the curves to run.jsonl or run.csv, for `protonet plot`.",
    ),
    click.option(
        "--tensorboard",
        metavar="DIR",
        help="Also write TensorBoard's files: curves, norms, histograms, images, graph.",
    ),
    click.option(
        "--embed", metavar="BLOB", help="With --tensorboard, also show this blob as an embedding."
    ),
    click.option("--plain", is_flag=True, help="Print Caffe's log lines even on a terminal."),
)


def given(option: str) -> bool:
    """Tell whether an option stands on the command line."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def of_nets(command: F) -> F:
    """Add what decides which layers there are and what they mean."""
    return _added(command, _NETS)


def of_execution(command: F) -> F:
    """Add the choices of how a net is run."""
    return _added(command, _EXECUTION)


def of_compilation(command: F) -> F:
    """Add ``--compile``."""
    return _added(command, (_COMPILE,))


def of_loading(command: Callable[..., None]) -> Callable[..., None]:
    """Add the rules for weights; the command gets them as ``loading``."""

    @wraps(command)
    def with_loading(
        *,
        adapt: tuple[str, ...],
        rename: tuple[str, ...],
        reinit: tuple[str, ...],
        strict: bool,
        by_order: bool,
        **options: object,
    ) -> None:
        from protonet.weights.loading import loading_of  # noqa: PLC0415 # as in `_load`

        loading = loading_of(
            adapt=adapt, rename=rename, reinit=reinit, strict=strict, by_order=by_order
        )
        command(loading=loading, **options)

    return _added(with_loading, _LOADING)


def of_a_run(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a training."""
    return _added(of_loading(command), (*_RUN, *_EXECUTION, *_NETS, _COMPILE))


def _added(command: F, options: Iterable[Callable[[F], F]]) -> F:
    for option in reversed(tuple(options)):
        command = option(command)
    return command
