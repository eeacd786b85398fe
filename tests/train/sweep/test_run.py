"""Sweeps on the built-in digits, a few iterations each."""

import json
import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.spec.solver import Mode
from protonet.train import events
from protonet.train.events import Event
from protonet.train.solver import Callback, Solver
from protonet.train.sweep import run
from protonet.train.sweep.result import Result, State, ranked
from protonet.train.sweep.search import Random, Search
from protonet.train.sweep.space import axes
from protonet.train.sweep.store import Store
from protonet.train.sweep.trial import Plan
from tests.train.runs import write

FIELDS = "test_iter: 1 test_interval: 5 display: 5"
RATES = ("base_lr=0.05,0.0005",)


class Looks:
    """What looks at trainings: which folders they have, and what they train and test on."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.records: list[tuple[int, int]] = []
        self.interrupt_at = -1

    @contextmanager
    def __call__(self, folder: Path) -> Generator[Sequence[Callback]]:
        self.folders.append(folder.name)
        yield [self.see]

    def see(self, solver: Solver, event: Event) -> None:
        if isinstance(event, events.Solving):
            feeds = (solver.net.feed, solver.test_nets[0].feed)
            self.records.append((feeds[0].epoch.records, feeds[1].epoch.records))
        if isinstance(event, events.Iterated) and len(self.folders) == self.interrupt_at:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, FIELDS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


PLAN = Plan("solver.prototxt", "accuracy", Mode.MAX)


def search_of(
    plan: Plan, settings: Sequence[str], kind: str = "grid", trials: int | None = None
) -> tuple[Search, Store]:
    store = Store(Path("sweep"), run.definition(plan, settings, kind))
    return run.searching(kind, axes(settings), trials, plan, store, prune=True), store


def swept(
    plan: Plan = PLAN,
    settings: Sequence[str] = RATES,
    kind: str = "grid",
    trials: int | None = None,
    looks: Looks | None = None,
) -> tuple[list[Result], Store]:
    search, store = search_of(plan, settings, kind, trials)
    try:
        return [result for result, _ in run.trials(plan, search, store, looks or Looks())], store
    finally:
        search.close()


def test_trials_are_judged_on_records_that_they_do_not_learn() -> None:
    looks = Looks()
    results, store = swept(looks=looks)

    assert [result.state for result in results] == [State.DONE, State.DONE]
    assert [dict(result.values) for result in results] == [
        {"base_lr": "0.05"},
        {"base_lr": "0.0005"},
    ]
    assert looks.records == [(1167, 130)] * 2
    assert ranked(results, Mode.MAX)[0].number == 0
    assert run.best(store, PLAN) == results[0]
    assert sorted(path.name for path in Path("sweep/trial_0001").iterdir()) == [
        "result.json",
        "solver_best.caffemodel",
        "solver_iter_10.caffemodel",
        "solver_iter_10.resume",
        "solver_iter_10.solverstate",
        "solver_net.prototxt",
        "solver_solver.prototxt",
    ]
    resolved = Path("sweep/trial_0001/solver_net.prototxt").read_text(encoding="utf-8")
    assert resolved.count("builtin:digits/train") == 2


def test_files_and_names_may_be_no_utf8(folder: Path) -> None:
    net = (folder / "net.prototxt").read_bytes().replace(b'top: "accuracy"', b'top: "caf\xe9"')
    (folder / "net.prototxt").write_bytes(b"# caf\xe9\n" + net)

    results, store = swept(replace(PLAN, monitor="caf\udce9"))

    assert [result.state for result in results] == [State.DONE, State.DONE]
    assert run.best(store, PLAN) == ranked(results, Mode.MAX)[0]


def test_the_best_weights_are_tested_once() -> None:
    results, store = swept()
    tested = run.test(PLAN, results[0], store)
    again = run.test(PLAN, results[0], store)

    assert tested is not None
    assert again == replace(tested, again=True)
    solver = Solver("solver.prototxt", weights="sweep/trial_0001/solver_best.caffemodel")
    assert tested.outputs == ({name: float(value) for name, value in solver.test()[0].items()},)


def test_the_files_of_the_best_train_and_test_on_all_data() -> None:
    results, store = swept()
    path = run.write_best(PLAN, results[1], store)
    message = Solver(path).param

    assert (message.base_lr, message.test_iter) == (np.float32(0.0005), (1,))
    assert "digits/test" in Path(message.net or "net.prototxt").read_text(encoding="utf-8")


def test_a_sweep_goes_on_where_it_was_killed() -> None:
    alone, _ = swept(settings=("base_lr=0.05,0.005,0.0005",))
    for path in Path("sweep").rglob("*"):
        if path.is_file():
            path.unlink()
    looks = Looks()
    looks.interrupt_at = 2
    with pytest.raises(KeyboardInterrupt):
        swept(settings=("base_lr=0.05,0.005,0.0005",), looks=looks)
    looks.interrupt_at = -1
    results, _ = swept(settings=("base_lr=0.05,0.005,0.0005",), looks=looks)

    assert looks.folders == ["trial_0001", "trial_0002", "trial_0002", "trial_0003"]
    assert [r.scores for r in results] == [r.scores for r in alone]
    assert Path("sweep/results.csv").read_text(encoding="utf-8").count("\n") == 4


def test_another_sweep_is_not_mixed_in() -> None:
    swept(trials=1)
    swept(trials=2)

    with pytest.raises(DiagnosticError, match="PN695"):
        swept(replace(PLAN, seed=2))


def test_a_trial_that_diverges_is_the_worst() -> None:
    results, store = swept(settings=("base_lr=1e30,0.05",))

    assert [result.state for result in results] == [State.DIVERGED, State.DONE]
    assert math.isnan(results[0].value)
    assert [result.number for result in ranked(results, Mode.MAX)] == [1, 0]
    assert run.best(store, PLAN) == results[1]


def test_a_loss_that_is_no_number_ends_a_trial_before_its_test() -> None:
    (result, _), store = swept(settings=("base_lr=1e30,2e30", "test_interval=100", "display=1"))

    assert (result.state, result.iterations < 10) == (State.DIVERGED, True)
    assert run.best(store, PLAN) is None


def test_folds_hold_each_part_out_once() -> None:
    looks = Looks()
    plan = replace(PLAN, parts=3, folds=3)
    results, store = swept(plan, looks=looks)
    tested = run.test(plan, results[0], store)

    assert looks.records == [(864, 433), (865, 432), (865, 432)] * 2
    assert looks.folders == ["fold_0", "fold_1", "fold_2"] * 2
    assert results[0].value == sum(results[0].scores) / 3
    assert results[0].spread == pytest.approx(np.std(results[0].scores, ddof=1))
    assert tested is not None
    assert len(tested.outputs) == 3


def test_without_a_split_the_solvers_own_test_nets_judge() -> None:
    looks = Looks()
    plan = replace(PLAN, parts=0)
    results, store = swept(plan, looks=looks)

    assert looks.records == [(1297, 500)] * 2
    assert run.test(plan, results[0], store) is None


def test_a_solver_that_does_not_test_is_tested_at_the_end(folder: Path) -> None:
    write(folder)
    results, store = swept()
    tested = run.test(PLAN, results[0], store)

    assert [result.its for result in results] == [(10,), (10,)]
    assert tested is not None
    assert sorted(tested.outputs[0]) == ["accuracy", "loss"]


def test_values_that_make_no_net_fail_alone() -> None:
    settings = ("layer.drop.dropout_ratio=0.5,2,0.1",)
    results, _ = swept(settings=settings)

    assert [result.state for result in results] == [State.DONE, State.FAILED, State.DONE]
    assert results[1].told
    assert not Path("sweep/trial_0002/result.json").exists()


def test_the_first_trial_tells_what_is_wrong() -> None:
    with pytest.raises(DiagnosticError, match="PN627"):
        swept(replace(PLAN, monitor="top5"))


def test_the_output_of_the_first_test_net_that_has_it_counts(folder: Path) -> None:
    write(
        folder,
        'test_iter: 1 test_iter: 1 test_interval: 5 test_state { } test_state { stage: "b" }',
    )
    results, store = swept(trials=1)
    tested = run.test(PLAN, results[0], store)

    assert tested is not None
    assert sorted(tested.outputs[0]) == ["accuracy", "accuracy #1", "loss", "loss #1"]


def test_weights_are_where_trials_start() -> None:
    results, _ = swept(trials=1)
    plan = replace(PLAN, weights=results[0].weights)
    search = run.searching("grid", axes(RATES), 1, plan, Store(Path("b"), {}), prune=True)
    ((further, _),) = run.trials(plan, search, Store(Path("b"), {}), Looks())

    assert further.value >= results[0].value


def test_tpe_learns_and_goes_on() -> None:
    settings = (
        "base_lr=log:1e-7..1",
        "layer.ip.weight_filler.type=xavier,constant",
        "iter_size=int:1..2",
    )
    looks = Looks()
    looks.interrupt_at = 3
    with pytest.raises(KeyboardInterrupt):
        swept(settings=settings, kind="tpe", trials=4, looks=looks)
    looks.interrupt_at = -1
    results, store = swept(settings=settings, kind="tpe", trials=8, looks=looks)
    search, _ = search_of(PLAN, settings, "tpe", 8)
    search.close()

    assert looks.folders[:4] == ["trial_0001", "trial_0002", "trial_0003", "trial_0003"]
    assert len({result.values["base_lr"] for result in results}) == 8
    assert State.PRUNED in {result.state for result in results}
    assert run.best(store, PLAN) is not None
    assert json.loads(Path("sweep/sweep.json").read_text(encoding="utf-8"))["search"] == "tpe"


def test_tpe_is_told_what_was_done_just_before_it_was_killed() -> None:
    search, store = search_of(PLAN, ("base_lr=log:1e-3..1",), "tpe", 3)
    values = search.propose(0)
    store.begin(0)
    store.add(Result(0, values, State.DONE, (0.5,), (5,)), Mode.MAX)
    search.propose(1)
    search.learn(Result(1, {}, State.FAILED))
    search.close()
    again, store = search_of(PLAN, ("base_lr=log:1e-3..1",), "tpe", 3)

    assert store.results.keys() == {0}
    assert again.propose(1) != values
    again.close()


def test_drawn_trials_are_as_many_as_wanted(folder: Path) -> None:
    write(folder, f"{FIELDS} snapshot: 5")
    results, _ = swept(settings=("base_lr=lin:0.01..0.1",), kind="random", trials=2)

    assert [0.01 <= float(result.values["base_lr"]) < 0.1 for result in results] == [True, True]


def test_hopeless_folds_are_given_up() -> None:
    class Hopeless(Random):
        def hopeless(self, step: int, value: float) -> bool:
            return (step, self.trials) == (0, 2)

    plan = replace(PLAN, parts=3, folds=3)
    store = Store(Path("sweep"), {})
    ((result, _), _) = run.trials(plan, Hopeless(axes(RATES), 2, 1), store, Looks())

    assert (result.state, len(result.scores)) == (State.PRUNED, 1)


def test_a_folder_that_cannot_be_made_is_told(folder: Path) -> None:
    (folder / "file").touch()

    with pytest.raises(DiagnosticError, match="PN408"):
        Store(folder / "file" / "sweep", {})


def test_a_solver_without_a_seed_gets_that_of_the_sweep(folder: Path) -> None:
    path = write(folder, FIELDS)
    path.write_text(path.read_text().replace("random_seed: 1701", ""))
    first, _ = swept(trials=1)
    resolved = Path("sweep/trial_0001/solver_solver.prototxt").read_text(encoding="utf-8")

    assert first[0].state is State.DONE
    assert "random_seed: 1\n" in resolved
