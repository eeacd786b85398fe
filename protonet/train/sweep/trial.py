"""One trial of a sweep: a training on a part of the TRAIN data for each fold."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import torch

from protonet.data.part import ALL, Part
from protonet.nets.execution import PLAIN, Execution
from protonet.spec.read import SolverFile, read_solver
from protonet.spec.solver import Mode
from protonet.train import events
from protonet.train.events import Event
from protonet.train.length import WHOLE
from protonet.train.overrides import override_solver, write_resolved
from protonet.train.signals import Action
from protonet.train.solver import Callback, Solver
from protonet.train.sweep.holdout import held_out
from protonet.train.sweep.result import Result, State
from protonet.train.sweep.search import Search, Values
from protonet.weights.loading import Loading

NEVER = 2**31 - 1
"""A ``test_interval`` that no run reaches."""

Listening: TypeAlias = Callable[[Path], AbstractContextManager[Sequence[Callback]]]
"""Gives what looks at a training, which has a folder."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What all trials of a sweep share.

    Attributes:
        solver: The solver's file.
        monitor: The output of the test nets that judges a trial.
        mode: Which way it gets better.
        parts: Into how many parts the TRAIN data are split; 0 leaves them whole, and the solver's
            own test nets judge.
        folds: How many of the parts are held out, one after the other.
        seed: Of the split; and of each training, unless the solver says.
        weights: Files to start from; the solver's own if None.
        loading: How they go into the net.
        device: Where to run; the solver's own if None.
        execution: How.
    """

    solver: str | Path
    monitor: str
    mode: Mode
    parts: int = 10
    folds: int = 1
    seed: int = 1
    weights: Sequence[str] | None = None
    loading: Loading = field(default_factory=Loading)
    device: str | None = None
    execution: Execution = PLAIN

    def file(self, values: Values, prefix: Path) -> SolverFile:
        """Return the solver of a trial, before validation data are held out for it."""
        message = read_solver(self.solver).message
        given = {"snapshot_prefix": str(prefix), **values}
        if not message.has("random_seed"):
            given = {"random_seed": str(self.seed), **given}
        return override_solver(self.solver, [f"{path}={value}" for path, value in given.items()])

    def judged(self, values: Values, prefix: Path) -> SolverFile:
        """Return the solver of a trial, which keeps the weights that validation data like best.

        Raises:
            DiagnosticError: The values or the files are at fault; PN697.
        """
        own = {"keep_best.monitor": self.monitor, "keep_best.mode": self.mode.name}
        if self.parts:  # validation data are not as many as test data
            tests = self.file(values, prefix).message.test_iter or (WHOLE,)
            own["test_iter"] = f"[{', '.join([str(WHOLE)] * len(tests))}]"
        file = self.tested(values, prefix, own)
        return replace(file, of_layers=(*file.of_layers, *held_out(file))) if self.parts else file

    def tested(
        self, values: Values, prefix: Path, own: Values = MappingProxyType({})
    ) -> SolverFile:
        """Return the solver of a trial; one that does not test gets a test on all data.

        That is run at the end of a training, and never on the way. What the sweep sets of its
        ``own`` goes over all else.
        """
        tests = {
            "test_iter": str(WHOLE),
            "test_interval": str(NEVER),
            "test_initialization": "false",
        }
        if self.file(values, prefix).message.test_iter:
            tests = {}
        return self.file({**tests, **values, **own}, prefix)

    def split(self, fold: int) -> dict[str, Part]:
        """Return which records are learned, and which judge."""
        if not self.parts:
            return {"train": ALL, "test": ALL}
        return {
            name: Part(folds=self.parts, fold=fold, held_out=name == "test", seed=self.seed)
            for name in ("train", "test")
        }


class Watch:
    """Follows a training: its best test, and whether it is worth while to go on.

    Args:
        monitor: The output that counts.
        hopeless: Takes the iteration and a value; tells whether to end.
    """

    def __init__(self, monitor: str, hopeless: Callable[[int, float], bool]) -> None:
        self._monitor, self._hopeless = monitor, hopeless
        self._tested = -1
        self.best: events.Kept | None = None
        self.state = State.DONE

    def __call__(self, solver: Solver, event: Event) -> None:
        """See an event."""
        match event:
            case events.Kept():
                self.best = event
            case events.Displayed() if not math.isfinite(event.loss):
                self._end(solver, State.DIVERGED)
            case events.Tested() if self._tested < event.it:
                values = [out.value for out in event.outputs if out.blob == self._monitor]
                if values:
                    self._judge(solver, event.it, values[0])
            case _:
                pass

    def _judge(self, solver: Solver, it: int, value: float) -> None:
        self._tested = it
        if not (math.isfinite(value) and _is_finite(solver)):
            self._end(solver, State.DIVERGED)
        elif it and self._hopeless(it, value):
            self._end(solver, State.PRUNED)

    def _end(self, solver: Solver, state: State) -> None:
        self.state = state
        solver.request(Action.STOP)


def _is_finite(solver: Solver) -> bool:
    return all(bool(torch.isfinite(blob.tensor).all()) for blob in solver.net.learnables)


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial that is to be run.

    Attributes:
        number: From 0.
        values: What it sets.
        folder: Where its files go: resolved prototxts, snapshots, and what listens writes.
    """

    number: int
    values: Values
    folder: Path


def run(plan: Plan, search: Search, trial: Trial, listening: Listening) -> Result:
    """Run a trial.

    Args:
        plan: What all trials share.
        search: Is told of intermediate values, and may end it.
        trial: The trial.
        listening: Gives what looks at the training of each fold.

    Raises:
        DiagnosticError: The values or the files are at fault.
    """
    start = time.perf_counter()
    result = Result(trial.number, trial.values, State.DONE)
    for fold in range(plan.folds):
        place = trial.folder / f"fold_{fold}" if plan.folds > 1 else trial.folder
        place.mkdir(exist_ok=True)
        # Of several folds, their running mean is compared, not one fold's way there.
        hopeless = search.hopeless if plan.folds == 1 else _never
        result = _with(
            result, *_train(plan, replace(trial, folder=place), fold, hopeless, listening)
        )
        if result.state is not State.DONE:
            break
        if fold + 1 < plan.folds and search.hopeless(fold, result.value):
            result = replace(result, state=State.PRUNED)
            break
    return replace(result, seconds=time.perf_counter() - start)


def _never(step: int, value: float) -> bool:
    return False


def _with(result: Result, watch: Watch, iterations: int) -> Result:
    """Return a result with one more fold."""
    result = replace(result, iterations=result.iterations + iterations)
    best = watch.best
    if best is None or watch.state is State.DIVERGED:  # a value that is no number is never the best
        pruned = watch.state is State.PRUNED
        return replace(result, state=State.PRUNED if pruned else State.DIVERGED)
    return replace(
        result,
        state=watch.state,
        scores=(*result.scores, best.value),
        its=(*result.its, best.it),
        weights=(*result.weights, best.path),
    )


def _train(
    plan: Plan,
    trial: Trial,
    fold: int,
    hopeless: Callable[[int, float], bool],
    listening: Listening,
) -> tuple[Watch, int]:
    """Train on all but one part; return what was seen, and for how many iterations."""
    file = plan.judged(trial.values, trial.folder / Path(plan.solver).stem)
    watch = Watch(plan.monitor, hopeless)
    with listening(trial.folder) as callbacks:
        solver = Solver(
            file,
            device=plan.device,
            weights=plan.weights,
            loading=plan.loading,
            execution=plan.execution,
            callbacks=[watch, *callbacks],
            parts=plan.split(fold),
        )
        nets = [net.graph.file for net in (solver.net, *solver.test_nets)]
        write_resolved(file, nets, solver.prefix)
        solver.solve()
        if watch.state is State.DONE and solver.iter % solver.param.test_interval:
            solver.test()
    return watch, solver.iter
