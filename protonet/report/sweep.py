"""What a sweep has found: a line a trial, a table, a picture."""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from shlex import quote

from protonet.graph.show import columns
from protonet.report.plot import page
from protonet.report.record import Record
from protonet.source import readable
from protonet.spec.solver import Mode
from protonet.train import events
from protonet.train.events import Event, Listener
from protonet.train.solver import Callback, Solver
from protonet.train.sweep.result import Result, State, ranked, spread
from protonet.train.sweep.run import Scores
from protonet.train.sweep.space import Axis, Range, varied
from protonet.train.sweep.trial import Plan


class Looking:
    """What looks at each training: it records the curves, shows them, and tells once what is odd.

    Args:
        tell: Takes the warnings of the first training, and what was made of the weights.
        shown: Gives another listener for each training, as a progress bar.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        shown: Callable[[], AbstractContextManager[Listener]] = lambda: nullcontext(_ignored),
    ) -> None:
        self._tell, self._shown = tell, shown
        self._first = True

    @contextmanager
    def __call__(self, folder: Path) -> Generator[tuple[Callback, ...]]:
        """Give what looks at a training; ``record.jsonl`` goes into its folder."""
        first, self._first = self._first, False
        record = Record(folder / "record.jsonl")
        with closing(record), self._shown() as shown:

            def see(solver: Solver, event: Event) -> None:
                record(event)
                shown(event)
                if first:
                    self._introduce(solver, event)

            yield (see,)

    def _introduce(self, solver: Solver, event: Event) -> None:
        if isinstance(event, events.Warned):
            self._tell(event.diagnostic.render())
        elif isinstance(event, events.Solving) and solver.net.match:
            self._tell(solver.net.match.report())


def _ignored(event: Event) -> None:
    pass


def heading(plan: Plan, trials: int, folder: Path) -> str:
    """Return what judges the trials, and where they are."""
    if plan.folds > 1:
        judge = f"{plan.folds} folds of the TRAIN data"
    elif plan.parts:
        judge = f"one in {plan.parts} of the TRAIN data, which no trial learns,"
    else:
        judge = "the solver's own test nets"
    best = "highest" if plan.mode is Mode.MAX else "lowest"
    return f"{trials} trials in {folder}; the {best} `{plan.monitor}` on {judge} is the best"


def stopped(ended: int, of: int, folder: Path) -> str:
    """Return what is left of a sweep that was stopped."""
    kept = f", kept in {folder}" if ended else ""
    return f"stopped after {ended} of {of} trials{kept}; the same command resumes"


def verdict(winner: Result, plan: Plan, solver: Path) -> str:
    """Return which trial is the best, what it set, and where its weights and its solver are."""
    given = (quote(f"{path}={value}") for path, value in winner.values.items())
    values = " ".join(f"--set {one}" for one in given)
    score = f"{plan.monitor} = {_score(winner)}"
    files = "\n  ".join([*winner.weights, str(solver)])
    return f"best: trial {winner.number + 1}, {score}\n  {values}\n  {files}"


def line(result: Result, of: int, axes: Sequence[Axis], monitor: str) -> str:
    """Return the line of a trial that has just ended."""
    values = " ".join(f"{axis.path}={result.values[axis.path]}" for axis in varied(axes))
    head = f"trial {result.number + 1} of {of}: {values}: "
    if result.state is State.FAILED:
        return f"{head}failed: {result.told}"
    measured = "" if math.isnan(result.value) else f"{monitor} = {_score(result)}, "
    state = "" if result.state is State.DONE else f"{result.state}, "
    return f"{head}{measured}{state}{result.seconds:.1f} s"


def table(results: Sequence[Result], axes: Sequence[Axis], monitor: str, mode: Mode) -> str:
    """Return the table of trials, best first: what each varied, and what came of it."""
    paths = [axis.path for axis in varied(axes)]
    rows = [["trial", monitor, *paths, "at iteration", "seconds", ""]]
    for result in ranked(results, mode):
        its = " ".join(map(str, result.its)) or "-"
        values = [result.values[path] for path in paths]
        state = "" if result.state is State.DONE else result.state.value
        rows.append(
            [str(result.number + 1), _score(result), *values, its, f"{result.seconds:.1f}", state]
        )
    return "\n".join(columns(rows))


def _score(result: Result) -> str:
    if math.isnan(result.value):
        return "-"
    deviation = f" +- {result.spread:.3g}" if len(result.scores) > 1 else ""
    return f"{result.value:.5g}{deviation}"


def told_of_test(tested: Scores) -> str:
    """Return what the test data say, in words and numbers."""
    before = "which were asked before" if tested.again else "asked this once"
    lines = [f"test data ({before}):"]
    for blob in tested.outputs[0]:
        values = [outputs[blob] for outputs in tested.outputs]
        mean = sum(values) / len(values)
        folds = f" +- {spread(values):.3g} over {len(values)} folds" if len(values) > 1 else ""
        lines.append(f"  {blob} = {mean:.5g}{folds}")
    return "\n".join(lines)


def plot(
    results: Sequence[Result], axes: Sequence[Axis], monitor: str, mode: Mode, path: str | Path
) -> None:
    """Draw the value of each trial against each of what varied, the best marked.

    Raises:
        DiagnosticError: As of ``plot.plot``.
    """
    good = [result for result in results if not math.isnan(result.value)]
    first = ranked(good, mode)[:1]
    shown = varied(axes)
    with page(path, len(shown), shared=False) as panels:
        for axis, panel in zip(shown, panels, strict=True):
            places = _places(axis, good)
            for result in good:
                colour = "C3" if result in first else "C0"
                marker = "o" if result.state is State.DONE else "x"
                bar = result.spread or None
                panel.errorbar(
                    places[result.number], result.value, bar, color=colour, marker=marker
                )
            if isinstance(axis, Range) and axis.scale == "log":
                panel.set_xscale("log")
            panel.set_xlabel(readable(axis.path))
            panel.set_ylabel(readable(monitor))
            panel.grid(visible=True, alpha=0.3)


def _places(axis: Axis, results: Sequence[Result]) -> Mapping[int, float | str]:
    """Return where trials stand on the horizontal axis: numbers, or words in order."""
    if isinstance(axis, Range):
        return {result.number: float(result.values[axis.path]) for result in results}
    texts = {result.number: result.values[axis.path] for result in results}
    order = sorted(texts, key=lambda number: axis.values.index(texts[number]))
    return {number: texts[number] for number in order}
