"""What becomes of a folder of prototxts that users wrote: understood or diagnosed, by cause.

    python benchmarks/corpus_table.py FOLDER

FOLDER holds index.tsv, one row a file with the columns ``file``, ``kind`` (net, solver, other) and
``parse_ok`` (what Caffe's own parser says: y or n), and the files. A net is understood if it is
read and every layer of it, in some phase, has a known type and known bottoms.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

from protonet.diagnostics import DiagnosticError
from protonet.graph.build import build
from protonet.graph.rules import states
from protonet.source import Source
from protonet.spec.dialect import resolve
from protonet.spec.read import NetFile, read_net, read_solver
from protonet.spec.rewrite import modern_net, modern_solver
from protonet.syntax.parse import parse

CAUSES = {
    "PN002": "text: something else is expected",
    "PN003": "text: a field without a value",
    "PN004": "text: a name without a colon",
    "PN005": "text: an open string",
    "PN009": "text: a brace that is not closed",
    "PN010": "text: a git conflict",
    "PN011": "text: a template that was not filled in",
    "PN015": "a V0 type that never was",
    "PN101": "a field that no known fork has",
    "PN102": "a value of another kind",
    "PN104": "a field given twice",
    "PN201": "a layer type that is not known",
    "PN203": "a bottom that nothing makes",
    "PN204": "a top that is made twice",
    "PN205": "a wrong number of bottoms or tops",
    "PN222": "layers of two forks in one net",
    "PN228": "a fork's field",
    "PN229": "a message of a layer type that is not known",
}


def outcome(path: Path, *, solver: bool) -> str:
    """Return what becomes of a file."""
    try:
        tree = parse(Source.read(path))
        if solver:
            read_solver(tree)
        else:
            _build(read_net(tree))
        changes = (modern_solver if solver else modern_net)(tree)[1]
    except DiagnosticError as error:
        code = error.diagnostics[0].code
        return f"diagnosed, {code}: {CAUSES.get(code, code)}"
    if any(change.code for change in changes):
        return "understood, a fork's spelling"
    return "understood, an older form" if changes else "understood as it is"


def _build(net: NetFile) -> None:
    file, _ = resolve(net)
    problem: DiagnosticError | None = None
    for state in states(file.message):
        try:
            build(file, state)
        except DiagnosticError as error:
            problem = problem or error
        else:
            return
    if problem:
        raise problem


def main() -> None:
    """Print the table; `make bench` names no folder."""
    if len(sys.argv) == 1:
        return
    folder = Path(sys.argv[1])
    with (folder / "index.tsv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    table: dict[str, Counter[str]] = {}
    for row in rows:
        if row["kind"] != "other":
            what = outcome(folder / row["file"], solver=row["kind"] == "solver")
            table.setdefault(what, Counter())[row["parse_ok"]] += 1
    print("| | files | of them Caffe's parser takes |")
    print("|---|---|---|")
    for what, found in sorted(
        table.items(), key=lambda item: (item[0][0] != "u", -item[1].total())
    ):
        print(f"| {what} | {found.total()} | {found['y']} |")
    total: Counter[str] = sum(table.values(), Counter[str]())
    print(f"| **all** | {total.total()} | {total['y']} |")


if __name__ == "__main__":
    main()
