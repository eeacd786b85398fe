"""``protonet caffe``."""

import shlex
from collections.abc import Mapping, Sequence

import click

from protonet.cli import main
from protonet.cli._caffe import BINARY, LOGGING, OTHERS, TOOLS, Tool
from protonet.cli._gflags import parse
from protonet.diagnostics import did_you_mean

_HELP = ("-h", "-help", "--help")


class _Command(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Tools"):
            formatter.write_dl([(name, f"protonet {_ours(tool)}") for name, tool in TOOLS.items()])


@click.command(cls=_Command, context_settings={"allow_interspersed_args": False})
@click.argument("tool")
@click.argument("args", metavar="[ARG]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(ctx: click.Context, tool: str, args: tuple[str, ...]) -> None:
    """Run commands in the spelling of Caffe's tools.

    Flags have one dash or two, and `-flag value` or `-flag=value`. What is run is printed first.
    """
    found = TOOLS.get(tool)
    if found is None:
        known = did_you_mean(tool, TOOLS) or f"there are {', '.join(TOOLS)}"
        raise click.UsageError(f"Caffe has no tool {tool}; {known}".replace("`", ""))
    if set(args) & set(_HELP):
        arguments = ["--help"]
    else:
        arguments = _translated(found, args, OTHERS if tool in BINARY else {})
    ours = [*found.command, *arguments]
    click.echo(f"= protonet {shlex.join(ours)}", err=True)
    ctx.exit(int(main.main(ours, prog_name="protonet", standalone_mode=False) or 0))


def _translated(tool: Tool, args: Sequence[str], others: Mapping[str, bool]) -> list[str]:
    hint = f"here it is `protonet {_ours(tool)}`, and --help lists the options of that"
    given = parse(args, {**others, **tool.flags, **LOGGING}, hint)
    for flag in given.flags:
        if flag not in tool.flags and flag not in LOGGING:
            click.echo(f"-{flag} changes nothing here, as in Caffe", err=True)
    if len(given.words) not in tool.counts:
        raise click.UsageError(f"{len(given.words)} words, not {tool.words or 'none'}; {hint}")
    return tool.translate(given)


def _ours(tool: Tool) -> str:
    return " ".join(tool.command)
