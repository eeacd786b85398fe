"""``protonet fmt``."""

from pathlib import Path

import click

from protonet import files
from protonet.syntax import format as canonical
from protonet.syntax.parse import parse
from protonet.weights.atomic import replacing


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--in-place", "-i", is_flag=True, help="Write the files instead of printing them.")
@click.option("--check", is_flag=True, help="Only say which files would change, and exit with 1.")
@click.pass_context
def command(ctx: click.Context, names: tuple[str, ...], in_place: bool, check: bool) -> None:
    """Format prototxts, keeping comments.

    Prints the result, unless an option says otherwise.
    """
    if in_place and check:
        raise click.UsageError("give --in-place or --check, not both")
    changed = False
    for name in names:
        source = files.read(name)
        text = canonical.format(parse(source))
        changed = changed or text != source.text
        if check and text != source.text:
            click.echo(f"{name}: would change", err=True)
        elif in_place and text != source.text:
            _write(Path(name), text)
        elif not (check or in_place):
            click.echo(text.encode("utf-8", "surrogateescape"), nl=False)
    ctx.exit(1 if check and changed else 0)


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "surrogateescape"))
