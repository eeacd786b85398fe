"""The snapshots of a run: written whole or not at all, and as many kept as the solver says."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.net import Net
from protonet.spec.solver import Mode, SolverParameter
from protonet.train import events, resume, snapshot
from protonet.train.events import Event
from protonet.train.resume import Resume
from protonet.train.watch import Results, value_of
from protonet.weights.atomic import replacing_all
from protonet.weights.load import Diffs, save_weights
from protonet.weights.solverstate import SolverSnapshot, write_solverstate


class Snapshots:
    """Writes the snapshots of a run.

    Attributes:
        written: Iterations of the snapshots of this run, oldest first: only these are removed.
        best: The best value that ``keep_best`` has seen.
        failed: The iteration of which something was to be written last, and could not.

    Args:
        solver: Says how, and which to keep.
        prefix: What the files' names begin with.
        emit: Is told of all that is done.
    """

    def __init__(self, solver: SolverParameter, prefix: str, emit: Callable[[Event], None]) -> None:
        self._solver = solver
        self._prefix = prefix
        self._emit = emit
        self._hdf5 = solver.snapshot_format == SolverParameter.SnapshotFormat.HDF5
        self.written: tuple[int, ...] = ()
        self.best: float | None = None
        self.failed: int | None = None

    def names(self, it: int) -> list[str]:
        """Return the names of weights and solver state of an iteration."""
        names = snapshot.names(self._prefix, it, hdf5=self._hdf5)
        return [names.weights, names.state]

    def write(
        self, net: Net, state: SolverSnapshot, content: Resume, diffs: Diffs | None
    ) -> list[str]:
        """Write a snapshot; then remove what ``keep_last`` does not want any more.

        Args:
            net: Whose weights.
            state: The solver's state; where the weights go is filled in.
            content: What goes beside it; what it belongs to is filled in.
            diffs: Gradients, for ``snapshot_diff``.

        Returns:
            The names of weights and solver state. The state comes last: where it is, all are.

        Raises:
            DiagnosticError: PN408, a file cannot be written: then there is none of the snapshot.
        """
        names = snapshot.names(self._prefix, state.iter, hdf5=self._hdf5)
        state = replace(state, learned_net=names.weights)
        written = (*(it for it in self.written if it != state.iter), state.iter)
        content = replace(content, fingerprint=resume.fingerprint(state), kept=self._state(written))
        paths = [Path(name) for name in (names.weights, names.resume, names.state)]
        weights, beside, last = paths
        with replacing_all(paths) as folder:
            self._emit(events.Snapshotting(names.weights, state=False, hdf5=self._hdf5))
            save_weights(net, folder / weights.name, diffs=diffs)
            content.write(folder / beside.name)
            self._emit(events.Snapshotting(names.state, state=True, hdf5=self._hdf5))
            write_solverstate(folder / last.name, state)
        self.written = written
        self._remove_old()
        return [names.weights, names.state]

    def _remove_old(self) -> None:
        keep = self._solver.keep_last or len(self.written)
        old, self.written = self.written[:-keep], self.written[-keep:]
        for it in old:
            self._emit(events.Dropped(it))
            for hdf5 in (False, True):
                names = snapshot.names(self._prefix, it, hdf5=hdf5)
                for name in (names.state, names.resume, names.weights):
                    with suppress(OSError):
                        Path(name).unlink()

    def see(self, net: Net, it: int, results: Results) -> None:
        """Take in a test; where ``keep_best`` is set and it is the best, write the weights."""
        p = self._solver.keep_best
        if p is None or not results:
            return
        value = value_of(p.monitor, results)
        best = -math.inf if p.mode == Mode.MAX else math.inf
        best = best if self.best is None else self.best
        if not (value > best if p.mode == Mode.MAX else value < best):
            return
        path = f"{self._prefix}_best.caffemodel{'.h5' if self._hdf5 else ''}"
        self._emit(events.Kept(it, p.monitor, value, path))
        if self.attempt(it, partial(save_weights, net, path)):
            self.best = value

    def attempt(self, it: int, write: Callable[[], object]) -> bool:
        """Write something in iteration ``it``; if that fails, say so and go on."""
        try:
            write()
        except DiagnosticError as error:
            self._emit(events.Warned(_not_written(it, error)))
            self.failed = it
            return False
        return True

    def _state(self, written: tuple[int, ...]) -> dict[str, Any]:
        return {"written": written, "best": self.best}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what a ``.resume`` file has kept."""
        self.written = tuple(map(int, state.get("written", ())))
        best = state.get("best")
        self.best = None if best is None else float(best)


def _not_written(it: int, error: DiagnosticError) -> Diagnostic:
    """Return PN645: a snapshot cannot be written, and the training goes on."""
    reasons = "; ".join(problem.message for problem in error.diagnostics)
    return Diagnostic(
        "PN645",
        f"no snapshot of iteration {it} is kept: {reasons}",
        help="the training goes on; snapshots before it are untouched",
        severity=Severity.WARNING,
    )
