"""The curves of a training, read back: from log lines of Caffe or protonet, or from a record.

Torch-free.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError

FOLDER_SUFFIXES = (".jsonl", ".csv", ".log", ".txt")
"""What is looked for in a folder; glog's own files have no such ending and hold ``.INFO.``."""

SCORES = ("accuracy", "top", "acc", "map", "iou")
"""Parts of names of outputs that are better the higher they are."""


class Kind(StrEnum):
    """Which curve a point belongs to."""

    LOSS = "loss"
    RATE = "rate"
    TRAIN = "train"
    TEST = "test"


class Point(NamedTuple):
    """One value of one curve.

    Attributes:
        it: The iteration.
        kind: LOSS is the smoothed loss that is displayed, RATE the learning rate; TRAIN and TEST
            are outputs of a net.
        name: The output's blob, and ``#k`` behind it for the k-th test net but the first.
        value: May be infinite or no number.
    """

    it: int
    kind: Kind
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Values by iteration, in order.

    Attributes:
        its: Iterations.
        values: As many.
    """

    its: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.its)

    @property
    def finite(self) -> "Curve":
        """The points whose values are numbers."""
        kept = [(i, v) for i, v in zip(self.its, self.values, strict=True) if math.isfinite(v)]
        return Curve(tuple(i for i, _ in kept), tuple(v for _, v in kept))


@dataclass(frozen=True)
class Curves:
    """All curves of a run.

    Attributes:
        name: Where they come from.
        loss: The smoothed training loss.
        rate: The learning rate.
        train: Outputs of the train net by name.
        test: Outputs of the test nets by name.
    """

    name: str
    loss: Curve = field(default_factory=Curve)
    rate: Curve = field(default_factory=Curve)
    train: Mapping[str, Curve] = field(default_factory=dict[str, Curve])
    test: Mapping[str, Curve] = field(default_factory=dict[str, Curve])

    def __bool__(self) -> bool:
        return bool(self.loss or self.test)


def is_score(name: str) -> bool:
    """Tell whether an output is better the higher it is, as its name says."""
    return any(part in name.lower() for part in SCORES)


def read_curves(name: str | Path) -> Curves:
    """Read a log, a record, or the newest of either in a folder.

    Raises:
        DiagnosticError: PN680, it is not there or holds no curves.
    """
    path = Path(name)
    if path.is_dir():
        path = _newest(path)
    found = _gathered(str(name), _points(path))
    if not found:
        raise _no_curves(path, "it holds no iteration with a loss or a test")
    return found


def _newest(folder: Path) -> Path:
    kept = [
        path
        for path in folder.iterdir()
        if path.is_file() and (path.suffix in FOLDER_SUFFIXES or ".INFO." in path.name)
    ]
    if not kept:
        raise _no_curves(folder, f"no file in it ends in {', '.join(FOLDER_SUFFIXES)}")
    return max(kept, key=lambda path: path.stat().st_mtime)


def _no_curves(path: Path, reason: str) -> DiagnosticError:
    message = f"there are no curves in `{path}`: {reason}"
    help_ = (
        "give the log of a training (`protonet train ... 2> run.log`, with `display` or "
        "`test_interval` set), or what `--record run.jsonl` wrote"
    )
    return DiagnosticError([Diagnostic("PN680", message, help=help_, file=str(path))])


def _points(path: Path) -> Iterator[Point]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            if path.suffix == ".jsonl":
                yield from _of_json(lines)
            elif path.suffix == ".csv":
                yield from _of_table(lines)
            else:
                yield from _of_log(lines)
    except OSError as error:
        raise DiagnosticError([files.unreadable(path, error)]) from None


def _gathered(name: str, points: Iterable[Point]) -> Curves:
    """Sort points into curves; where a run went back, resumed or begun anew, the last counts."""
    found: dict[tuple[Kind, str], dict[int, float]] = {}
    last = 0
    for point in points:
        if point.it < last:
            found = {key: _before(point.it, values) for key, values in found.items()}
        last = point.it
        found.setdefault((point.kind, point.name), {})[point.it] = point.value
    curves = {key: _curve(values) for key, values in found.items()}
    return Curves(
        name,
        curves.get((Kind.LOSS, ""), Curve()),
        curves.get((Kind.RATE, ""), Curve()),
        {blob: curve for (kind, blob), curve in curves.items() if kind is Kind.TRAIN and curve},
        {blob: curve for (kind, blob), curve in curves.items() if kind is Kind.TEST and curve},
    )


def _before(it: int, values: Mapping[int, float]) -> dict[int, float]:
    return {earlier: value for earlier, value in values.items() if earlier < it}


def _curve(values: Mapping[int, float]) -> Curve:
    its = tuple(sorted(values))
    return Curve(its, tuple(values[it] for it in its))


def _of_json(lines: Iterable[str]) -> Iterator[Point]:
    """Read a record; a line that a killed run left unfinished is passed over."""
    for line in lines:
        try:
            one = json.loads(line)
            yield Point(int(one["it"]), Kind(one["kind"]), str(one["name"]), float(one["value"]))
        except (ValueError, KeyError, TypeError):
            continue


def _of_table(lines: Iterable[str]) -> Iterator[Point]:
    for row in csv.reader(lines):
        try:
            it, kind, name, value = row
            yield Point(int(it), Kind(kind), name, float(value))
        except ValueError:
            continue  # the head, or an unfinished line


_NUMBER = r"([-+]?(?:1\.#\w+|\d[\d.]*(?:[eE][-+]?\d+)?|nan|inf))"
_ITERATION = re.compile(r"Iteration (\d+)")
# Between the two stands the speed, in one fork also the epoch.
_LOSS = re.compile(rf"Iteration \d+\b[^=]*, loss = {_NUMBER}", re.IGNORECASE)
_RATE = re.compile(rf"Iteration \d+, lr = {_NUMBER}", re.IGNORECASE)
_TESTING = re.compile(r"Testing net \(#(\d+)\)")
_OUTPUT = re.compile(rf"(Train|Test) net output #\d+: (\S+) = {_NUMBER}", re.IGNORECASE)


def _of_log(lines: Iterable[str]) -> Iterator[Point]:
    """Read log lines, of Caffe of any age or of protonet; all others are passed over."""
    it = net = 0
    for line in lines:
        if found := _ITERATION.search(line):
            it = int(found[1])
        if found := _TESTING.search(line):
            net = int(found[1])
        elif found := _LOSS.search(line):
            yield Point(it, Kind.LOSS, "", _value(found[1]))
        elif found := _RATE.search(line):
            yield Point(it, Kind.RATE, "", _value(found[1]))
        elif found := _OUTPUT.search(line):
            kind = Kind.TRAIN if found[1].lower() == "train" else Kind.TEST
            other = f" #{net}" if kind is Kind.TEST and net else ""
            yield Point(it, kind, f"{found[2]}{other}", _value(found[3]))


def _value(text: str) -> float:
    """Read a number; Microsoft's C++ prints infinity as ``1.#INF``, no number as ``1.#QNAN``."""
    if "#" in text:
        return math.inf if "INF" in text.upper() else math.nan
    return float(text)
