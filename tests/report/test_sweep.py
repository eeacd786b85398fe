"""What a sweep tells."""

from pathlib import Path

import pytest

from protonet.report import sweep as report
from protonet.report.curves import read_curves
from protonet.spec.solver import Mode
from protonet.train.solver import Solver
from protonet.train.sweep.result import Result, State
from protonet.train.sweep.run import Scores
from protonet.train.sweep.space import axes
from protonet.train.sweep.trial import Plan
from tests.train.runs import write

AXES = axes(("base_lr=log:0.001..1", "layer.relu*.type=ReLU,ELU", "max_iter=5"))


def result(number: int, state: State, *scores: float, told: str = "") -> Result:
    values = {"base_lr": f"0.{number + 1}", "layer.relu*.type": "ELU", "max_iter": "5"}
    its = tuple(range(5, 5 + len(scores)))
    return Result(number, values, state, scores, its, 10, 1.25, ("w.caffemodel",), told)


RESULTS = [
    result(0, State.DIVERGED),
    result(1, State.DONE, 0.5, 0.75),
    result(2, State.PRUNED, 0.9),
    result(3, State.DONE, 0.875),
]


def test_the_table_has_the_best_first() -> None:
    assert report.table(RESULTS, AXES, "accuracy", Mode.MAX).splitlines() == [
        "trial  accuracy        base_lr  layer.relu*.type  at iteration  seconds",
        "4      0.875           0.4      ELU               5             1.2",
        "2      0.625 +- 0.177  0.2      ELU               5 6           1.2",
        "3      0.9             0.3      ELU               5             1.2      pruned",
        "1      -               0.1      ELU               -             1.2      diverged",
    ]


def test_each_trial_has_a_line() -> None:
    lines = [report.line(one, 5, AXES, "accuracy") for one in RESULTS[:3]]

    assert lines == [
        "trial 1 of 5: base_lr=0.1 layer.relu*.type=ELU: diverged, 1.2 s",
        "trial 2 of 5: base_lr=0.2 layer.relu*.type=ELU: accuracy = 0.625 +- 0.177, 1.2 s",
        "trial 3 of 5: base_lr=0.3 layer.relu*.type=ELU: accuracy = 0.9, pruned, 1.2 s",
    ]
    failed = result(4, State.FAILED, told="`pad` is too large")
    assert report.line(failed, 5, AXES, "accuracy") == (
        "trial 5 of 5: base_lr=0.5 layer.relu*.type=ELU: failed: `pad` is too large"
    )


def test_what_judges_is_said_first() -> None:
    def heading(parts: int, folds: int, mode: Mode) -> str:
        return report.heading(Plan("s", "x", mode, parts=parts, folds=folds), 3, Path("d"))

    assert [heading(10, 1, Mode.MAX), heading(3, 3, Mode.MIN), heading(0, 1, Mode.MIN)] == [
        (
            "3 trials in d; the highest `x` on one in 10 of the TRAIN data, which no trial learns, "
            "is the best"
        ),
        "3 trials in d; the lowest `x` on 3 folds of the TRAIN data is the best",
        "3 trials in d; the lowest `x` on the solver's own test nets is the best",
    ]


def test_the_best_is_told_so_that_it_can_be_run_again() -> None:
    told = report.verdict(RESULTS[3], Plan("s", "x", Mode.MAX), Path("best_solver.prototxt"))

    assert told.splitlines() == [
        "best: trial 4, x = 0.875",
        "  --set base_lr=0.4 --set 'layer.relu*.type=ELU' --set max_iter=5",
        "  w.caffemodel",
        "  best_solver.prototxt",
    ]


def test_what_the_test_data_say() -> None:
    assert report.told_of_test(Scores(({"accuracy": 0.5},))).splitlines() == [
        "test data (asked this once):",
        "  accuracy = 0.5",
    ]
    assert report.told_of_test(Scores(({"loss": 1.0}, {"loss": 2.0}), again=True)).splitlines() == [
        "test data (which were asked before):",
        "  loss = 1.5 +- 0.707 over 2 folds",
    ]


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    report.plot(RESULTS, AXES, "accuracy", Mode.MAX, tmp_path / "sweep.svg")

    assert (tmp_path / "sweep.svg").read_text(encoding="utf-8").count("<!-- accuracy -->") == 2


def test_a_picture_may_have_names_that_are_no_utf8(tmp_path: Path) -> None:
    report.plot(RESULTS, AXES, "caf\udce9", Mode.MAX, tmp_path / "sweep.svg")

    assert (tmp_path / "sweep.svg").read_text(encoding="utf-8").count("<!-- caf\ufffd -->") == 2


def test_curves_are_recorded_and_the_first_training_is_introduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(
        tmp_path, "test_iter: 1 test_interval: 5 display: 5 clip_gradients: 2 iter_size: 2"
    )
    told: list[str] = []
    looking = report.Looking(told.append)
    weights, _ = Solver(path).snapshot()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with looking(tmp_path / name) as callbacks:
            Solver(path, callbacks=callbacks, weights=weights).solve()

    assert read_curves(tmp_path / "second" / "record.jsonl").test["accuracy"].its == (0, 5, 10)
    assert [text.split()[0] for text in told] == ["warning[PN623]:", "loaded"]
