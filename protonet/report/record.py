"""A listener that writes the curves of a run as JSON lines or as a table, for other programs."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TextIO

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.report.curves import Kind, Point
from protonet.train import events
from protonet.train.events import Event
from protonet.weights.faults import unwritable

SUFFIXES = (".jsonl", ".csv")
FIELDS = Point._fields


class Record:
    """Appends a line for each value that a run displays or tests.

    A line is an iteration, a kind (``loss``, ``rate``, ``train``, ``test``), a name and a value; it
    is written at once, so that another program may follow.

    Args:
        path: ``.jsonl`` or ``.csv``. What it holds stays: a resumed run goes on in the same file.

    Raises:
        DiagnosticError: PN681, it ends in neither; PN408, it cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        if path.suffix not in SUFFIXES:
            message = f"`{path}` does not say what form the record has"
            help_ = f"end it in {' or '.join(SUFFIXES)}"
            raise DiagnosticError([Diagnostic("PN681", message, help=help_)])
        self._form: Literal["json", "table"] = "json" if path.suffix == ".jsonl" else "table"
        try:
            self._stream: TextIO = path.open(
                "a", encoding="utf-8", errors="surrogateescape", newline=""
            )
        except OSError as error:
            raise unwritable(path, error) from None
        if self._form == "table" and not self._stream.tell():
            csv.writer(self._stream).writerow(FIELDS)

    def __call__(self, event: Event) -> None:
        """Write the values of an event."""
        for point in points(event):
            if self._form == "json":
                self._stream.write(f"{json.dumps(point._asdict())}\n")
            else:
                csv.writer(self._stream).writerow(point)
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def points(event: Event) -> Iterator[Point]:
    """Yield what an event adds to the curves."""
    match event:
        case events.Displayed():
            yield Point(event.it, Kind.LOSS, "", event.loss)
            yield from _outputs(event.it, Kind.TRAIN, event.outputs)
        case events.DisplayedRate():
            yield Point(event.it, Kind.RATE, "", event.lr)
        case events.DisplayedLast():
            yield Point(event.it, Kind.LOSS, "", event.loss)
        case events.Tested():
            yield from _outputs(event.it, Kind.TEST, event.outputs, event.net)
        case _:
            return


def _outputs(
    it: int, kind: Kind, outputs: tuple[events.Output, ...], net: int = 0
) -> Iterator[Point]:
    for output in outputs:
        yield Point(it, kind, f"{output.blob} #{net}" if net else output.blob, output.value)
