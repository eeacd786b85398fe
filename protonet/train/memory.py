"""All that a `.resume` file holds of a running solver: collected, and given back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.net import Net
from protonet.spec.solver import SolverParameter
from protonet.train import differences, distributed, resume
from protonet.train.distributed import World
from protonet.train.events import Event
from protonet.train.gradients import Gradients
from protonet.train.resume import Position, Resume
from protonet.train.saving import Snapshots
from protonet.train.scaffold import Site
from protonet.train.smoothing import LossWindow
from protonet.train.watch import Watch
from protonet.weights.solverstate import SolverSnapshot


@dataclass(frozen=True, slots=True)
class Memory:
    """The parts of a solver that go on, in a resumed run, from where they stood.

    Attributes:
        solver: The solver's message.
        nets: The train net, then the test nets.
        world: The processes that train together.
        losses: What the smoothed loss is the mean of.
        gradients: With their scaler.
        watch: Of the tests.
        snapshots: Those written so far.
    """

    solver: SolverParameter
    nets: Sequence[Net]
    world: World
    losses: LossWindow
    gradients: Gradients
    watch: Watch
    snapshots: Snapshots

    @classmethod
    def of(
        cls,
        solver: SolverParameter,
        nets: Sequence[Net],
        site: Site,
        prefix: str,
        emit: Callable[[Event], None],
    ) -> "Memory":
        """Begin with what a fresh run has.

        Args:
            solver: The solver's message.
            nets: The train net, then the test nets.
            site: Where it runs.
            prefix: What the names of snapshots begin with.
            emit: Is told of them.
        """
        return cls(
            solver,
            nets,
            site.world,
            LossWindow(solver.average_loss),
            Gradients(nets[0].learnables, site),
            Watch.of(solver),
            Snapshots(solver, prefix, emit),
        )

    def position(self) -> Position:
        """Look where random numbers, data and layers stand; all processes must do so."""
        return Position.of(self.nets, self.world)

    def content(self, position: Position) -> Resume:
        """Return what a ``.resume`` file is to hold."""
        return Resume(
            position=position,
            losses=tuple(self.losses.values()),
            scaler=self.gradients.state(),
            watch=self.watch.state,
            config=differences.config(self.solver, self.nets),
        )

    def go_on(self, path: Path, saved: SolverSnapshot) -> tuple[bool, list[Diagnostic]]:
        """Go on from a ``.resume`` file.

        Args:
            path: The file.
            saved: The solver state that it is beside.

        Returns:
            Whether it was there and could be used: else all stays as it was. What is to be told.
        """
        before = self.position()
        try:
            found = resume.read(path, saved)
            if found is None:
                return False, []
            told = [*self._take_over(found)]
        except DiagnosticError as error:
            before.go(self.nets, self.world.rank)
            return False, [*error.diagnostics]
        except resume.CONTENT_FAULTS:
            before.go(self.nets, self.world.rank)
            return False, [*resume.unusable(path, "it cannot be read").diagnostics]
        told += differences.of_config(found.config, self.solver, self.nets[0], saved)
        return True, told

    def _take_over(self, found: Resume) -> list[Diagnostic]:
        found.position.go(self.nets, self.world.rank)
        self.gradients.restore(found.scaler)
        self.watch.restore(found.watch)
        self.snapshots.restore(found.kept)
        self.losses.restore(found.losses)
        return distributed.check_processes(found.position.processes, self.world)
