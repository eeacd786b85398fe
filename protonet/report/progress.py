"""A progress bar for a terminal."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from protonet.report.log import lines
from protonet.train import events
from protonet.train.events import Event, Output

SECONDS = 0.1
"""Between two looks at the loss: each waits for the device."""


class ProgressBar:
    """A listener that shows iteration, speed, time left, loss, rate and the last test.

    It draws within a ``with`` block.

    Args:
        console: Where to draw; standard error if not given.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}"),
            TextColumn("[green]{task.fields[test]}"),
            console=console or Console(stderr=True),
        )
        self._task = self._progress.add_task(
            "", total=None, visible=False, speed="", numbers="", test=""
        )
        self._looked = (0.0, 0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case events.Iterated():
                self._advance(event)
            case events.Solving():
                self._looked = (time.monotonic(), event.it)
                self._progress.update(
                    self._task,
                    description=event.net or "training",
                    total=event.max_iter,
                    completed=event.it,
                    visible=True,
                )
            case events.Tested():
                self._test(event)
            case events.Solved():
                self._progress.update(self._task, completed=event.it)
                self._print("[yellow]stopped early" if event.early else "[green]done", event.it)
            case _:
                self._tell(event)

    def _advance(self, event: events.Iterated) -> None:
        now, (looked, last) = time.monotonic(), self._looked
        if now - looked < SECONDS:
            return
        self._looked = (now, event.it)
        self._progress.update(
            self._task,
            completed=event.it,
            speed=f"{(event.it - last) / (now - looked):.0f} it/s",
            numbers=f"loss {float(event.loss):.4g}  lr {event.lr:.3g}",
        )

    def _test(self, event: events.Tested) -> None:
        text = "  ".join(map(_output, event.outputs))
        if event.loss is not None:
            text += f"  total loss {event.loss:.4g}"
        self._progress.update(self._task, test=f"test #{event.net}: {text}")
        self._print(f"test #{event.net}: {text}", event.it)

    def _tell(self, event: Event) -> None:
        note = _note(event)
        match event:
            case events.DisplayedLast() | events.SteppedRate() | events.ReducedRate():
                self._print(note, event.it)
            case events.StoppedEarly() | events.Overflowed():
                self._print(note, event.it)
            case _:
                if note:
                    self._progress.console.print(note, markup=False, highlight=False)

    def _print(self, text: str, it: int) -> None:
        self._progress.console.print(f"[dim]{it:>8}[/dim]  {text}", highlight=False)


def _output(output: Output) -> str:
    return f"{output.blob} {output.value:.4g}"


def _note(event: Event) -> str:
    """Return what is printed of an event; of most, nothing."""
    match event:
        case events.Finetuning():
            return f"weights from {event.path}"
        case events.Restoring():
            return f"going on from {event.path}"
        case events.Snapshotting(state=True):
            return f"snapshot {event.path}"
        case events.DisplayedLast():
            return f"final loss {event.loss:.4g}"
        case (
            events.Magnitude()
            | events.Norms()
            | events.Warned()
            | events.Caching()
            | events.Cached()
            | events.Uncached()
        ):
            return "\n".join(text for _, text in lines(event))
        case _:
            return _note_of_update(event)


def _note_of_update(event: Event) -> str:
    match event:
        case events.SteppedRate():
            return f"multistep: step {event.step}"
        case events.ReducedRate():
            return f"plateau: rate times {event.factor:g}"
        case events.StoppedEarly():
            return f"stops early: no better {event.monitor} than {event.best:.4g}"
        case events.Overflowed():
            return "no update: a gradient overflowed"
        case _:
            return ""
