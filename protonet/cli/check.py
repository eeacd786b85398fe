"""``protonet check``."""

import re

import click

from protonet.cli import _options
from protonet.diagnostics import Diagnostic, DiagnosticError, Severity, rendered
from protonet.lint.rule import Selection
from protonet.report.check import STDIN, check_source, read
from protonet.source import Source


def _codes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for value in values for code in value.split(","))
    for code in codes:
        if not re.fullmatch(r"PN\d{0,3}", code):
            raise click.BadParameter(f"{code!r} is neither a code, as PN701, nor how some begin.")
    return codes


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option("--fix", is_flag=True, help="Repair what can be repaired safely, in place.")
@click.option(
    "--select",
    multiple=True,
    callback=_codes,
    metavar="CODES",
    help="Report only codes that begin like this: PN701,PN62.",
)
@click.option(
    "--ignore", multiple=True, callback=_codes, metavar="CODES", help="Leave these codes out."
)
@click.option("--strict", is_flag=True, help="Exit with 1 if there are warnings, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "sarif", "github")),
    default="text",
    show_default=True,
    help="The form of the report; all but text go to standard output.",
)
@_options.of_nets
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    *,
    fix: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    form: str,
) -> None:
    """Report everything that is wrong with nets and solvers.

    Also warns of traps. A FILE is a net or a solver, as its fields say; `-` is standard input. With
    a solver, the nets that it names are checked too. Of weights only the headers are read, of data
    only the first record. Exits with 1 if there is an error. `protonet explain CODE` says more.
    """
    selection = Selection(select, ignore)
    found: list[Diagnostic] = []
    for name in names:
        problems = _check(name, selection, fix=fix)
        found += problems
        if form == "text":
            _tell(name, problems, to_stderr=fix and name == STDIN)
    if form != "text":
        _write(form, found)
    severe = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    ctx.exit(1 if any(problem.severity in severe for problem in found) else 0)


def _check(name: str, selection: Selection, *, fix: bool) -> tuple[Diagnostic, ...]:
    try:
        source = read(name)
    except DiagnosticError as error:
        return error.diagnostics
    return check_source(_fixed(name, source, selection) if fix else source, selection)


def _fixed(name: str, source: Source, selection: Selection) -> Source:
    from protonet.report.repair import repair, write  # noqa: PLC0415 # the usual check repairs nothing

    repaired, lines = repair(source, selection)
    for line in lines:
        click.echo(f"fixed {line}", err=True)
    if name == STDIN:
        click.echo(repaired.text.encode("utf-8", "surrogateescape"), nl=False)
    elif repaired is not source:
        write(repaired)
    return repaired


def _tell(name: str, problems: tuple[Diagnostic, ...], *, to_stderr: bool) -> None:
    for text in rendered(problems):
        click.echo(f"{text}\n", err=True)
    counts = [
        _count(sum(problem.severity is severity for problem in problems), severity)
        for severity in Severity
    ]
    click.echo(f"{name}: {', '.join(filter(None, counts)) or 'ok'}", err=to_stderr)


def _count(number: int, severity: Severity) -> str:
    return f"{number} {severity}{'s' if number > 1 else ''}" if number else ""


def _write(form: str, problems: list[Diagnostic]) -> None:
    from protonet.report import check_formats  # noqa: PLC0415 # people read text

    writers = {
        "json": check_formats.as_json,
        "sarif": check_formats.as_sarif,
        "github": check_formats.as_github,
    }
    click.echo(writers[form](problems))
