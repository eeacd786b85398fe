import math
from pathlib import Path

import pytest
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from protonet.diagnostics import DiagnosticError
from protonet.spec.solver import Mode, SolverParameter
from protonet.train import events
from protonet.train.solver import Solver
from protonet.train.watch import Trend, Watch, value_of
from tests.train import ranks
from tests.train.runs import Told, weights, write

VALUES = (
    5.0,
    4.0,
    4.05,
    3.99,
    4.5,
    3.95,
    4.0,
    4.0,
    math.nan,
    3.8,
    3.8,
    3.9,
    3.0,
    3.5,
    3.4,
    3.3,
    3.2,
)


def solver(**fields: object) -> SolverParameter:
    return SolverParameter.model_validate({"base_lr": 1.0, "lr_policy": "plateau", **fields})


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("patience", [0, 1, 2])
@pytest.mark.parametrize("cooldown", [0, 2])
@pytest.mark.parametrize("min_delta", [0.0, 0.1])
def test_plateau_drops_as_that_of_torch(
    mode: Mode, patience: int, cooldown: int, min_delta: float
) -> None:
    s = solver(
        plateau={
            "monitor": "loss",
            "mode": mode,
            "patience": patience,
            "cooldown": cooldown,
            "min_delta": min_delta,
        }
    )
    assert s.plateau
    trend = Trend(s.plateau)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = ReduceLROnPlateau(
        optimizer,
        mode=mode.name.lower(),  # pyright: ignore[reportArgumentType] # "min" or "max"
        factor=0.5,
        patience=patience,
        cooldown=cooldown,
        threshold=s.plateau.min_delta,
        threshold_mode="abs",
        eps=0,
    )
    rate = 1.0
    sign = -1 if mode == Mode.MAX else 1
    for value in VALUES:
        rate *= 0.5 if trend.add([{"loss": sign * value}]) else 1
        theirs.step(sign * value)
        assert optimizer.param_groups[0]["lr"] == rate


def test_early_stopping_counts_tests_without_a_better_value() -> None:
    s = solver(early_stopping={"monitor": "accuracy", "mode": Mode.MAX, "patience": 1})
    watch = Watch.of(s)

    assert [watch.see([{"accuracy": value}]) for value in (0.5, 0.6, 0.6, 0.55)] == [
        (False, False),
        (False, False),
        (False, False),
        (False, True),
    ]
    assert watch.best == 0.6


def test_restored_watch_goes_on() -> None:
    s = solver(
        plateau={"monitor": "loss", "patience": 1, "cooldown": 1},
        early_stopping={"monitor": "loss", "patience": 4},
    )
    one, other = Watch.of(s), Watch.of(s)
    for value in VALUES[:6]:
        one.see([{"loss": value}])
    other.restore({})  # of a run that was not watched
    other.restore(one.state)

    rest = [(one.see([{"loss": value}]), other.see([{"loss": value}])) for value in VALUES[6:]]

    assert [mine for mine, _ in rest] == [theirs for _, theirs in rest]
    assert one.state == other.state


def test_watch_of_nothing_has_nothing_to_say() -> None:
    watch = Watch.of(solver(lr_policy="fixed", plateau={"monitor": "loss"}))
    watch.restore({"plateau": (1.0, 2, 0)})

    assert watch.see([{"loss": 1.0}]) == (False, False)
    assert watch.state == {}
    assert math.isnan(watch.best)


def test_value_is_that_of_the_first_net_that_has_it() -> None:
    assert value_of("loss", [{"accuracy": 1.0}, {"loss": 2.0}, {"loss": 3.0}]) == 2.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


TESTS = "test_iter: 1 test_interval: 2"
NEVER_BETTER = "min_delta: 100"


def test_rate_drops_on_a_plateau(folder: Path) -> None:
    told = Told()
    fields = f'{TESTS} plateau {{ monitor: "loss" patience: 1 factor: 0.5 {NEVER_BETTER} }}'
    solver = Solver(write(folder, fields, lr_policy="plateau"), listeners=[told])
    solver.step(9)

    rates = [event.lr for event in told.events if isinstance(event, events.Iterated)]
    assert rates == pytest.approx([0.05] * 4 + [0.025] * 4 + [0.0125])
    assert told.of(events.ReducedRate) == [
        events.ReducedRate(4, 1, 0.5),
        events.ReducedRate(8, 2, 0.5),
    ]


def test_training_ends_early_with_a_snapshot(folder: Path) -> None:
    told = Told()
    fields = (
        f"{TESTS} snapshot_after_train: false "
        f'early_stopping {{ monitor: "loss" patience: 1 {NEVER_BETTER} }}'
    )
    solver = Solver(write(folder, fields), listeners=[told])
    solver.solve()

    assert solver.iter == 4
    assert [type(event) for event in told.events[-4:]] == [
        events.StoppedEarly,
        events.Snapshotting,
        events.Snapshotting,
        events.Solved,
    ]
    assert sorted(path.name for path in folder.glob("run_iter*")) == [
        "run_iter_4.caffemodel",
        "run_iter_4.resume",
        "run_iter_4.solverstate",
    ]


def test_run_that_ended_early_goes_on_with_more_patience_as_if_it_had_had_it(folder: Path) -> None:
    def run(patience: int, state: str | None = None) -> Solver:
        stop = f'early_stopping {{ monitor: "loss" patience: {patience} {NEVER_BETTER} }}'
        solver = Solver(write(folder, f"{TESTS} {stop}"))
        solver.solve(state)
        return solver

    whole = run(patience=100)
    assert run(patience=1).iter == 4
    rest = run(100, "run_iter_4.solverstate")

    assert rest.iter == whole.iter == 10
    assert weights(rest) == weights(whole)


def test_run_that_ended_early_ends_again_at_once(folder: Path) -> None:
    path = write(folder, f'{TESTS} early_stopping {{ monitor: "loss" patience: 1 {NEVER_BETTER} }}')
    Solver(path).solve()
    again = Solver(path)
    again.solve("run_iter_4.solverstate")

    assert again.iter == 4


@pytest.mark.parametrize("at", [3, 4, 5])
def test_resumed_run_drops_the_rate_where_the_whole_one_does(folder: Path, at: int) -> None:
    fields = f'{TESTS} plateau {{ monitor: "loss" patience: 1 cooldown: 1 {NEVER_BETTER} }}'
    path = write(folder, fields, lr_policy="plateau")
    whole = Solver(path)
    whole.step(at)
    whole.snapshot()
    whole.solve()
    rest = Solver(path)
    rest.solve(f"run_iter_{at}.solverstate")

    assert (rest.lr, weights(rest)) == (whole.lr, weights(whole))
    assert rest.lr == pytest.approx(0.005)


def test_monitored_output_has_to_be_there(folder: Path) -> None:
    path = write(folder, f'{TESTS} early_stopping {{ monitor: "acc" }}')

    with pytest.raises(DiagnosticError, match="PN627"):
        Solver(path)


def end(path: Path) -> tuple[int, float, list[list[float]]]:
    solver = Solver(path)
    solver.solve()
    return solver.iter, solver.lr, weights(solver)


def test_all_processes_do_what_the_tests_of_the_first_give_reason_for(folder: Path) -> None:
    """Nesterov's history is rounded by a snapshot: in every process, or they would drift apart."""
    fields = (
        f'type: "Nesterov" snapshot: 3 {TESTS} '
        f'plateau {{ monitor: "loss" patience: 0 {NEVER_BETTER} }} '
        f'early_stopping {{ monitor: "loss" patience: 2 {NEVER_BETTER} }}'
    )
    first, second = ranks.run(end, write(folder, fields, lr_policy="plateau"))

    assert first == second
    assert (first[0], first[1]) == (6, pytest.approx(0.0005))
