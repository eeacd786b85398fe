"""``protonet data``."""

from pathlib import Path
from typing import TypedDict, Unpack

import click

from protonet.cli._size import Size, read_size
from protonet.data.tools import info, textures
from protonet.data.tools.convert import Conversion, convert
from protonet.data.tools.listed import list_images
from protonet.data.tools.mean import mean_of
from protonet.data.tools.open import is_listed, open_images
from protonet.data.tools.picture import Picturing
from protonet.data.tools.sheet import write_sheet
from protonet.data.tools.split import split, write_lists
from protonet.data.tools.stores import Backend
from protonet.report.counting import counting
from protonet.report.data import converted_lines
from protonet.weights.binaryproto import write_blob

_out = click.argument("out", type=click.Path(path_type=Path))
_seed = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1701,
    show_default=True,
    help="For everything random.",
)
_root = click.option(
    "--root", default="", metavar="PREFIX", help="Put before each path of a list: images/"
)
_gray = click.option("--gray", is_flag=True, help="Make one channel instead of three.")
_threads = click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads that decode; one for each processor by default.",
)
_resize = click.option(
    "--resize",
    callback=read_size,
    metavar="HxW|SHORTER",
    help="Resize to 256x256, or the shorter side to 256.",
)


class _OfList(TypedDict):
    resize: Size | None
    gray: bool


class _Convert(_OfList):
    root: str
    encoded: bool
    encode_type: str | None
    shuffle: bool
    seed: int
    check_size: bool
    on_bad_image: str
    backend: str
    restart: bool
    threads: int | None


class _Textures(TypedDict):
    size: int
    seed: int
    split: float
    lmdb: bool


_NAMES = {1: ["all"], 2: ["train", "test"], 3: ["train", "val", "test"]}


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder)
def command() -> None:
    """Make, convert and inspect data."""


@command.group()
def make() -> None:
    """Make data sets to learn from."""


@command.command("convert")
@click.argument("images", type=click.Path(path_type=Path), metavar="LIST|FOLDER")
@_out
@_root
@_resize
@_gray
@click.option("--encoded", is_flag=True, help="Store image files instead of pixels.")
@click.option(
    "--encode-type", metavar="jpg|png|...", help="Store files of this kind; implies --encoded."
)
@click.option("--shuffle", is_flag=True, help="Store them in a random order.")
@_seed
@click.option("--check-size", is_flag=True, help="Refuse images of different sizes.")
@click.option(
    "--on-bad-image",
    type=click.Choice(("skip", "raise")),
    default="skip",
    show_default=True,
    help="Leave out images that cannot be read, or stop at the first.",
)
@click.option(
    "--backend",
    type=click.Choice([backend.value for backend in Backend]),
    default="lmdb",
    show_default=True,
    help="What to write.",
)
@click.option(
    "--restart", is_flag=True, help="Start over instead of resuming a conversion that was stopped."
)
@_threads
def convert_images(images: Path, out: Path, **options: Unpack[_Convert]) -> None:
    """Write the images of a list or a folder as a database OUT.

    A FOLDER has one folder for each class. Keys and records are those of Caffe's convert_imageset.
    A conversion that was stopped resumes when the same command runs again; until it is done, the
    folder is called OUT.unfinished.
    """
    listed = list_images(images, options["root"])
    if options["shuffle"]:
        listed = listed.shuffled(options["seed"])
    encode = options["encode_type"] or ("" if options["encoded"] else None)
    conversion = Conversion(
        backend=Backend(options["backend"]),
        picturing=Picturing(options["gray"], options["resize"], encode),
        check_size=options["check_size"],
        skip=options["on_bad_image"] == "skip",
    )
    with counting(len(listed.entries), "images") as progress:
        done = convert(
            listed,
            out,
            conversion,
            restart=options["restart"],
            threads=options["threads"],
            progress=progress,
        )
    for line in converted_lines(done):
        click.echo(line)


@command.command()
@click.argument("source")
@click.argument("out", type=click.Path(path_type=Path), required=False)
@_root
@_resize
@_gray
@_threads
def mean(
    source: str, out: Path | None, root: str, threads: int | None, **of_list: Unpack[_OfList]
) -> None:
    """Compute the mean image of SOURCE.

    Writes it to OUT, a .binaryproto, and prints the mean of each channel, which are values for
    `mean_value`. SOURCE is a database, a list or a folder; --root, --resize and --gray are for
    lists and folders.
    """
    images = open_images(source, root, Picturing(**of_list))
    if not is_listed(images) and (root or any(of_list.values())):
        raise click.UsageError("--root, --resize and --gray are for lists and folders")
    with counting(len(images), "images") as progress:
        found = mean_of(images, threads, progress)
    if out is not None:
        write_blob(out, found.image[None])
    for channel, value in enumerate(found.values):
        click.echo(f"mean_value channel [{channel}]: {value:g}")


@command.command("info")
@click.argument("source")
@_root
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=info.SAMPLE,
    show_default=True,
    help="How many encoded images to decode for their shapes; 0 for all.",
)
@click.option(
    "--sheet", type=click.Path(path_type=Path), help="Also draw images of each class: sheet.png."
)
def show_info(source: str, root: str, sample: int, sheet: Path | None) -> None:
    """Show what a database, a list or a folder of images holds."""
    images = open_images(source, root)
    for line in info.lines(info.info_of(images, sample)):
        click.echo(line)
    if sheet is not None:
        write_sheet(images, sheet)


def _fractions(ctx: click.Context, param: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        return tuple(map(float, value.split(",")))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list of numbers with commas between") from None


@command.command("split")
@click.argument("images", type=click.Path(path_type=Path), metavar="LIST|FOLDER")
@click.option(
    "--fractions", callback=_fractions, required=True, help="The share of each part: 0.8,0.1,0.1."
)
@click.option("--names", help="The names of the parts: train,val,test.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder of the lists.")
@_seed
def split_images(
    images: Path, fractions: tuple[float, ...], names: str | None, out: Path | None, seed: int
) -> None:
    """Split a list or a folder into lists, each with its share of every class.

    Without --out, they are written beside LIST, or to FOLDER, where the paths in them are valid.
    """
    called = names.split(",") if names else _NAMES.get(len(fractions), [])
    if len(set(called)) != len(fractions):
        raise click.UsageError(f"give {len(fractions)} --names, for as many --fractions")
    listed = list_images(images)
    parts = split(listed.entries, fractions, seed)
    folder = out or (images if listed.classes else images.parent)
    paths = write_lists(dict(zip(called, parts, strict=True)), folder)
    for path, part in zip(paths.values(), parts, strict=True):
        click.echo(f"{path}: {len(part):,} images")
    if out is not None and listed.classes:
        click.echo(f'in a net, say `root_folder: "{listed.root}"`')


@make.command("textures")
@_out
@click.option("--classes", type=int, default=20, show_default=True, help="How many classes.")
@click.option("--per-class", type=int, default=60, show_default=True, help="Images of each.")
@click.option("--size", type=int, default=64, show_default=True, help="Height and width.")
@click.option(
    "--split",
    type=click.FloatRange(0, 1),
    default=0.75,
    show_default=True,
    help="The share of each class that is for training.",
)
@click.option("--lmdb", is_flag=True, help="Write databases instead of images and lists.")
@_seed
def make_textures(out: Path, classes: int, per_class: int, **options: Unpack[_Textures]) -> None:
    """Make fine-grained classes of textures, in the folder OUT.

    Classes differ only in second-order statistics: each channel of each image has the same values,
    each class the same stripes of brightness and of colour; they differ in which go together.
    """
    with counting(max(0, classes * per_class), "images") as progress:
        made = textures.make(
            out, classes=classes, per_class=per_class, progress=progress, **options
        )
    for part, path in made._asdict().items():
        click.echo(f"{part}: {path}")
