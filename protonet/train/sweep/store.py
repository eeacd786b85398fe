"""The folder of a sweep: what it is about, and the results so far. Torch-free."""

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.solver import Mode
from protonet.train.sweep.result import Result, State, ranked
from protonet.weights import faults
from protonet.weights.atomic import replacing

DEFINITION, RESULT, TEST, TABLE = "sweep.json", "result.json", "test.json", "results.csv"


class Store:
    """Keeps a sweep in a folder; each file of it is there whole or not at all.

    Attributes:
        folder: The folder; it is made.
        results: The trials that are over, by number.

    Args:
        folder: Where.
        definition: All that a trial's result depends on, as JSON has it.

    Raises:
        DiagnosticError: PN695, another sweep is there; PN408, nothing can be written.
    """

    def __init__(self, folder: Path, definition: Mapping[str, Any]) -> None:
        self.folder = folder
        known = _read(folder / DEFINITION)
        if known is not None and any(known[name] != definition.get(name) for name in known):
            raise DiagnosticError([_other(folder, known, definition)])
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise faults.unwritable(folder, error) from None
        _write(folder / DEFINITION, definition)
        found = (_read(path) for path in folder.glob(f"trial_*/{RESULT}"))
        self.results = {one["number"]: _result(one) for one in found if one is not None}

    def begin(self, number: int) -> Path:
        """Return the empty folder of a trial; what a killed one has left there goes."""
        path = self.trial(number)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def trial(self, number: int) -> Path:
        """Return the folder of a trial; people count from 1."""
        return self.folder / f"trial_{number + 1:04}"

    def add(self, result: Result, mode: Mode) -> None:
        """Keep a result, and write the table of all, best first.

        A trial that failed is kept in the table alone: it is tried again when the sweep goes on.
        """
        self.results[result.number] = result
        if result.state is not State.FAILED:
            _write(self.trial(result.number) / RESULT, asdict(result))
        rows = ranked(self.results.values(), mode)
        paths = list(dict.fromkeys(path for row in rows for path in row.values))
        head = ["trial", "state", "value", "std", *paths, "iteration", "iterations", "seconds"]
        with (
            replacing(self.folder / TABLE) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as stream,
        ):
            csv.writer(stream).writerows([head, *(_row(row, paths) for row in rows)])

    def tested(self, trial: int) -> Any:
        """Return what the test data said of a trial; None if they were not asked."""
        found = _read(self.folder / TEST)
        return found["outputs"] if found is not None and found["trial"] == trial else None

    def keep_test(self, trial: int, outputs: Sequence[Mapping[str, float]]) -> None:
        """Keep what the test data said."""
        _write(self.folder / TEST, {"trial": trial, "outputs": outputs})


def _row(result: Result, paths: Sequence[str]) -> list[object]:
    values = [result.values[path] for path in paths]
    its = " ".join(map(str, result.its))
    measured = [result.value, result.spread]
    return [
        *(result.number + 1, result.state.value, *measured, *values),
        *(its, result.iterations, round(result.seconds, 1)),
    ]


def _result(found: Mapping[str, Any]) -> Result:
    read: dict[str, Any] = {name: tuple(found[name]) for name in ("scores", "its", "weights")}
    read["state"] = State(found["state"])
    return Result(**{**found, **read})


def _other(folder: Path, known: Mapping[str, Any], asked: Mapping[str, Any]) -> Diagnostic:
    shown = ", ".join(
        f"`{name}` was {json.dumps(value)} and is {json.dumps(asked.get(name))}"
        for name, value in known.items()
        if value != asked.get(name)
    )
    return Diagnostic(
        "PN695",
        f"`{folder}` holds another sweep: {shown}",
        help="give another `--dir`, or remove the folder",
    )


def _read(path: Path) -> Any:
    """Return what a file of ours holds; None if it is not there or no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, content: object) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
