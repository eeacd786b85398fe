"""The solver: trains a net as a solver file says, step for step as Caffe does (``solver.cpp``)."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from protonet import files
from protonet.data.given import DataSets, Given, Parts
from protonet.diagnostics import Diagnostic, Severity
from protonet.nets.execution import PLAIN, Execution
from protonet.spec.read import SolverFile, read_solver
from protonet.spec.solver import SolverParameter
from protonet.train import debug, differences, distributed, epochs, events, lr, scaffold, snapshot
from protonet.train.advice import advise
from protonet.train.batches import run_batches
from protonet.train.events import Event, Listener
from protonet.train.memory import Memory
from protonet.train.resume import Position
from protonet.train.scores import elements, run_tests
from protonet.train.signals import Action, Requests
from protonet.train.updates import Updates
from protonet.weights.load import load_weights
from protonet.weights.loading import Loading
from protonet.weights.solverstate import SolverSnapshot, read_solverstate

Callback: TypeAlias = Callable[["Solver", Event], None]
"""Takes the solver and an event; may look at all of it, and ``request`` a stop or a snapshot."""


class Solver:
    """A net in training, with the nets that test it.

    Attributes:
        net: The train net.
        test_nets: The test nets; they hold the train net's blobs.
        iter: How many times the weights have been updated.
        param: The solver file's message; its ``max_iter`` is no later than ``max_epoch``.
        listeners: Called with every event (``train/events.py``).

    Args:
        spec: A path, the text of a solver file, a message, or a file that was read.
        device: Where to run; the file's ``solver_mode`` if not given.
        weights: Files to start from, instead of the file's ``weights``.
        loading: How weights go into nets that are not quite theirs.
        stages: Stages for the train net, besides those of ``train_state``.
        level: Level for the train net, over that of ``train_state``.
        execution: 16 bits, compilation and more; by default Caffe's numbers.
        listeners: Called with every event, those of the construction too.
        callbacks: The same with the solver; it has its nets from ``Solving`` on.
        data: Data sets in place of what data layers would read, by phase or layer (``data/given``).
        parts: Which records of their sources nets read, by phase.

    Raises:
        DiagnosticError: The solver's file or a net's is at fault.
    """

    def __init__(
        self,
        spec: str | Path | SolverParameter | SolverFile,
        *,
        device: str | torch.device | None = None,
        weights: str | Path | Sequence[str | Path] | None = None,
        loading: Loading | None = None,
        stages: Sequence[str] = (),
        level: int | None = None,
        execution: Execution = PLAIN,
        listeners: Sequence[Listener] = (),
        callbacks: Sequence[Callback] = (),
        data: DataSets | None = None,
        parts: Parts | None = None,
    ) -> None:
        self.file = spec if isinstance(spec, SolverFile) else read_solver(spec)
        self.listeners = [*listeners, *(partial(callback, self) for callback in callbacks)]
        self.prefix = snapshot.prefix(self.file.message, self.file.path)
        self.world = distributed.current()
        seed = scaffold.seed(self.file, self.world)
        with self.world.together():
            scaffold.check_all(self.file, self.prefix, writes=self.world.rank == 0)
            site, warnings = scaffold.site(device, self.file, self.world, execution, seed)
            self._warn([*warnings, *advise(self.file)])
            start = scaffold.start(self.file, weights, loading)
            self._emit(*(events.Finetuning(str(path)) for path in start.paths))
            nets = scaffold.nets(
                self.file, start, site, Given(data or {}, parts or {}), stages=stages, level=level
            )
            self.param = epochs.bounded(self.file, nets[0])
        self.net, *self.test_nets = nets
        scaffold.begin_together(site, nets, self.file, self._emit)
        self.device = site.device
        self.optimizer = scaffold.optimizer(self.file, self.net)
        self._updates = Updates(self.net.learnables)
        self.iter = self._current_step = 0
        self._lr = lr.rate(self.param, 0, 0)
        self._memory = memory = Memory.of(self.param, nets, site, self.prefix, self._emit)
        self._losses, self._watch, self.gradients = memory.losses, memory.watch, memory.gradients
        self._resumed = self._stopped = self._stopped_early = False
        self._requests = Requests()
        self._testing_from: Position | None = None

    def _warn(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self._emit(events.Warned(replace(diagnostic, severity=Severity.WARNING)))

    @property
    def lr(self) -> float:
        """The rate of the iteration just done; before the first, the rate it will have."""
        return self._lr

    @property
    def max_iter(self) -> int:
        """Where ``solve`` ends."""
        return self.param.max_iter

    @property
    def history(self) -> list[Tensor]:
        """The update rule's buffers, in the order of a solver state."""
        return self.optimizer.history

    def request(self, action: Action) -> None:
        """Ask the running solver to stop or to write a snapshot; a signal handler may call it."""
        self._requests.add(action)

    def step(self, n: int = 1) -> float:
        """Train for ``n`` iterations, with the tests and snapshots that are due.

        Returns:
            The mean of the last ``average_loss`` losses of this call.
        """
        self._losses.clear()
        self._run(self.iter + n)
        return self._losses.mean()

    def solve(self, state: str | Path | None = None) -> None:
        """Train until ``max_iter`` or a stop; from a solver state, if one is given."""
        scaffold.check_ending(self.file, self.prefix, self.world)
        said = self.param.lr_policy, self.iter, self.max_iter, self.param.max_epoch
        self._emit(events.Solving(self.net.name, *said))
        if state is not None:
            self.restore(state)
        if not self._resumed:
            self._losses.clear()
        self._run(self.max_iter)
        wanted = self.param.snapshot_after_train or self._stopped_early
        failed = self.world.highest(self._memory.snapshots.failed == self.iter)
        if wanted and (failed or not self._due(self.param.snapshot)):
            self.snapshot()
        if not self._stopped:
            self._show_result()
        for net in (self.net, *self.test_nets):
            self._warn(net.feed.told())
        self._emit(events.Solved(self.iter, early=self._stopped))

    def _show_result(self) -> None:
        """Show the loss and the test results of the final weights."""
        if self._due(self.param.display):
            with torch.no_grad():
                self._losses.add(self.net.loss(self.net({})))
            self._emit(events.DisplayedLast(self.iter, self._losses.mean()))
        if self._due(self.param.test_interval):
            self.test()

    def _due(self, every: int) -> bool:
        return every > 0 and self.iter % every == 0

    def _run(self, until: int) -> None:
        scaffold.check_fed(self.net)
        self._resumed = self._stopped = self._stopped_early = False
        self._displayed = (self.iter, time.perf_counter())
        while self.iter < until and not self._stopped:
            if self._due(self.param.test_interval) and (
                self.iter or self.param.test_initialization
            ):
                self._test_and_watch()
            if not self._stopped:
                self._iterate()

    def _test_and_watch(self) -> None:
        """Test, and do what the results give reason for.

        Where that is the end, things are as before the test, which a resumed run does again.
        """
        watched = self._watch.state
        start = self._memory.position() if self.param.early_stopping else None
        found = self.test()
        reduces, stops = self._watch.see(found) if found and not self._stopped else (False, False)
        if self.world.highest(stops) and start and self.param.early_stopping:
            monitor, best = self.param.early_stopping.monitor, self._watch.best
            self._emit(events.StoppedEarly(self.iter, monitor, best))
            self._watch.restore(watched)
            start.go(self._memory.nets, self.world.rank)
            self._stopped = self._stopped_early = True
        elif self.world.highest(reduces) and self.param.plateau:
            self._current_step += 1
            step, factor = self._current_step, self.param.plateau.factor
            self._emit(events.ReducedRate(self.iter, step, factor))

    def _iterate(self) -> None:
        self.optimizer.clear()
        display = self._due(self.param.display)
        debugs, batches = display and self.param.debug_info, self.param.iter_size
        shows = {"display": display, "debugs": debugs}
        loss, outputs = run_batches(self.net, self.gradients, batches, self._emit, **shows)
        self._losses.add(loss)
        if display:
            self._display(elements(self.net, outputs))
        self._update(display=display)
        self.iter += 1
        self._emit(events.Iterated(self.iter, self._lr, loss))
        request = Action(self.world.highest(self._requests.take()))
        if self._due(self.param.snapshot) or request is Action.SNAPSHOT:
            self._memory.snapshots.attempt(self.iter, self.snapshot)
        self._stopped = request is Action.STOP

    def _display(self, outputs: tuple[events.Output, ...]) -> None:
        loss, (last, since), now = self._losses.mean(), self._displayed, time.perf_counter()
        self._displayed = (self.iter, now)
        done, display = self.iter - last, self.param.display
        self._emit(events.Displayed(self.iter, loss, outputs, done, now - since, display))

    def _update(self, *, display: bool) -> None:
        step = lr.advance(self.param, self.iter, self._current_step)
        if step != self._current_step and self.param.lr_policy == "multistep":
            self._emit(events.SteppedRate(self.iter, step))
        self._current_step = step
        self._lr = lr.rate(self.param, self.iter, step)
        if display:
            self._emit(events.DisplayedRate(self.iter, self._lr))
        update = partial(self.optimizer.step, self._lr, self.iter)
        debugs = display and self.param.debug_info
        with self._updates.kept(on=debugs or self.param.snapshot_diff):
            told = self.gradients.step(update, self.iter)
        if told:
            self._emit(told)
        if debugs:
            debug.tell_updates(self.net, self._updates.last or (), self._emit)

    def test(self) -> list[dict[str, Tensor]]:
        """Run every test net on its ``test_iter`` batches.

        Returns:
            For each net the means of its outputs. A stop that was asked for ends it early: then all
            data go back to where they stood, since the test will be run again.
        """
        self._stopped = False
        start = self._testing_from = self._memory.position()
        found = run_tests(self.test_nets, self.param, self.iter, self._is_interrupted, self._emit)
        if len(found) == len(self.test_nets):
            self._memory.snapshots.see(self.net, self.iter, found)
        else:
            start.go(self._memory.nets)
        self._testing_from = None
        self._stopped = bool(self.world.highest(self._stopped))
        return found

    def _is_interrupted(self) -> bool:
        while (request := self._requests.take()) is not Action.NONE:
            if request is Action.SNAPSHOT:
                self._memory.snapshots.attempt(self.iter, self.snapshot)
            self._stopped = self._stopped or request is Action.STOP
        return self._stopped

    def snapshot(self) -> list[str]:
        """Write the weights, the solver's state, and what a resume bit for bit needs beside them.

        Returns:
            The names of the first two. The state is written last: where it is, all are.

        Raises:
            DiagnosticError: PN408, a file cannot be written.
        """
        position = self._testing_from or self._memory.position()
        history = self.history  # of every process: to look at it may round it
        if self.world.rank > 0:
            return self._memory.snapshots.names(self.iter)
        state = SolverSnapshot(self.iter, "", self._current_step, snapshot.Arrays(history))
        diffs = self._updates.by_blob() if self.param.snapshot_diff else None
        return self._memory.snapshots.write(self.net, state, self._memory.content(position), diffs)

    def restore(self, state: str | Path) -> None:
        """Go on from a solver state of this program or of Caffe.

        Without its ``.resume`` file, data and random numbers start over, as they do in Caffe.

        Raises:
            DiagnosticError: PN609, its weights are not there; PN610, it is of another net or rule.
        """
        path = files.find(state) or Path(state)
        self._emit(events.Restoring(str(path), self.param.type))
        saved = read_solverstate(path)
        expected = self.optimizer.expected(saved.iter)
        snapshot.check_net(saved, path, self.net, expected, self.param.type)
        if saved.learned_net:
            weights = snapshot.learned_net(saved, path)
            load_weights(self.net, weights)
            self._warn(differences.of_weights(saved.learned_net, weights, path))
        self.optimizer.restore(torch.from_numpy(array) for array in saved.history)
        self.iter, self._current_step = saved.iter, saved.current_step
        self._lr = lr.rate(self.param, max(0, saved.iter - 1), saved.current_step)
        self._losses.clear()
        self._warn(differences.of_state(self.param, saved, self.net.learnables))
        self._resumed, told = self._memory.go_on(snapshot.resume_of(path), saved)
        self._warn(told)

    def _emit(self, *told: Event) -> None:
        for event in told:
            for listener in self.listeners:
                listener(event)
