"""Problems for machines: JSON, SARIF 2.1.0, and the commands that GitHub shows in a diff."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from protonet import __version__
from protonet.diagnostics import Diagnostic, Severity
from protonet.source import Span
from protonet.spec.explain import sections

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | None"

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(problems: Sequence[Diagnostic]) -> str:
    """Return the problems as a list of objects.

    Each has ``code``, ``severity``, ``message``, ``help``, ``fix`` (what `--fix` does, or null),
    ``file`` and ``labels``: places with ``file``, ``text``, ``line`` and ``column`` (from 1),
    ``end_line`` and ``end_column`` (of what follows). The first label is where it is reported.
    """
    return json.dumps([_object(problem) for problem in problems], indent=2)


def _object(problem: Diagnostic) -> Json:
    labels: list[Json] = [
        {"file": label.span.source.name, "text": label.text, **_region(label.span)}
        for label in problem.labels
    ]
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "message": problem.message,
        "help": problem.help,
        "fix": problem.fix.what if problem.fix else None,
        "file": file_of(problem),
        "labels": labels,
    }


def _region(span: Span) -> dict[str, Json]:
    line, column = span.source.location(span.start)
    end_line, end_column = span.source.location(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def file_of(problem: Diagnostic) -> str:
    """Return the name of the file that a problem is reported in; may be empty."""
    return problem.labels[0].span.source.name if problem.labels else problem.file


def as_sarif(problems: Sequence[Diagnostic]) -> str:
    """Return the problems as a SARIF log of one run, with the rules that they break."""
    codes = sorted({problem.code for problem in problems})
    texts = sections()
    rules: list[Json] = [_rule(code, texts.get(code, code)) for code in codes]
    results: list[Json] = [_result(problem, codes.index(problem.code)) for problem in problems]
    driver: Json = {"name": "protonet", "version": __version__, "rules": rules}
    run: Json = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str, section: str) -> Json:
    title, _, text = section.partition("\n")
    return {
        "id": code,
        "shortDescription": {"text": title.removeprefix(f"{code} ")},
        "help": {"text": text.strip() or title, "markdown": text.strip() or title},
    }


def _result(problem: Diagnostic, rule: int) -> Json:
    places: list[Json] = [_location(label.span) for label in problem.labels[:1]]
    if not places and problem.file:
        places = [{"physicalLocation": {"artifactLocation": {"uri": _uri(problem.file)}}}]
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    result: dict[str, Json] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": str(problem.severity),
        "message": {"text": text},
        "locations": places,
    }
    others: list[Json] = [
        {**_location(label.span), "id": at, "message": {"text": label.text}}
        for at, label in enumerate(problem.labels[1:])
    ]
    return {**result, "relatedLocations": others} if others else result


def _location(span: Span) -> dict[str, Json]:
    found = _region(span)
    region: dict[str, Json] = {
        "startLine": found["line"],
        "startColumn": found["column"],
        "endLine": found["end_line"],
        "endColumn": found["end_column"],
    }
    place: Json = {"artifactLocation": {"uri": _uri(span.source.name)}, "region": region}
    return {"physicalLocation": place}


def _uri(name: str) -> str:
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="replace")


def as_github(problems: Sequence[Diagnostic]) -> str:
    """Return a workflow command for each problem; GitHub shows it at its line."""
    return "\n".join(map(_command, problems))


def _command(problem: Diagnostic) -> str:
    fields = {"title": problem.code, "file": file_of(problem)}
    if problem.labels:
        found = _region(problem.labels[0].span)
        names = (("line", "line"), ("endLine", "end_line"), ("col", "column"))
        fields |= {theirs: str(found[ours]) for theirs, ours in names}
    told = ",".join(f"{name}={_escaped(value)}" for name, value in fields.items() if value)
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    kind = "error" if problem.severity is Severity.ERROR else "warning"
    return f"::{kind} {told}::{_escaped(text, of_property=False)}"


def _escaped(text: str, *, of_property: bool = True) -> str:
    marks = "%\r\n:," if of_property else "%\r\n"
    return "".join(f"%{ord(sign):02X}" if sign in marks else sign for sign in text)
