"""What a program is called with while a solver runs."""

from pathlib import Path

from protonet.train import events
from protonet.train.events import Event
from protonet.train.signals import Action
from protonet.train.solver import Solver
from tests.train.runs import write


def test_a_callback_sees_the_solver_and_may_stop_it(tmp_path: Path) -> None:
    seen: list[tuple[int, float]] = []

    def stop_at_3(solver: Solver, event: Event) -> None:
        if isinstance(event, events.Iterated):
            seen.append((solver.iter, event.lr))
            if event.it == 3:
                solver.request(Action.STOP)

    Solver(write(tmp_path), callbacks=[stop_at_3]).solve()

    assert [it for it, _ in seen] == [1, 2, 3]
