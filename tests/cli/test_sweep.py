"""``protonet sweep``."""

import re
from pathlib import Path

import pytest

from protonet.train.sweep import trial
from tests.cli.files import protonet

RATES = ("--set", "base_lr=0.1,0.001", "--set", "test_iter=-1")


def sweep(*args: str) -> tuple[int, str, str]:
    done = protonet("sweep", "--solver", "solver.prototxt", *args)
    return done.exit_code, re.sub(r"\d+\.\d+", "N", done.stdout), done.stderr


def test_tries_all_values_and_tests_the_best() -> None:
    code, told, _ = sweep(*RATES, "--plot", "sweep.png")
    lines = told.splitlines()

    assert code == 0
    assert lines[:3] == [
        (
            "2 trials in solver_sweep; the highest `accuracy` on one in 10 of the TRAIN data, "
            "which no trial learns, is the best"
        ),
        "trial 1 of 2: base_lr=N: accuracy = N, N s",
        "trial 2 of 2: base_lr=N: accuracy = N, N s",
    ]
    assert lines[-3:] == ["test data (asked this once):", "  accuracy = N", "  loss = N"]
    assert Path("sweep.png").exists()
    assert Path("solver_sweep/trial_0001/record.jsonl").exists()
    assert Path("solver_sweep/best_solver.prototxt").exists()


def test_goes_on_without_a_repetition() -> None:
    sweep(*RATES, "--trials", "1")
    code, told, _ = sweep(*RATES)

    assert code == 0
    assert "trial 1 of 2" not in told
    assert "trial 2 of 2" in told


def test_what_judges_can_be_chosen() -> None:
    _, told, _ = sweep(*RATES, "--monitor", "loss", "--folds", "2", "--dir", "a", "--trials", "1")
    assert "the lowest `loss` on 2 folds of the TRAIN data is the best" in told
    assert "over 2 folds" in told

    _, told, _ = sweep(*RATES, "--monitor", "loss:max", "--validation", "0", "--dir", "b")
    assert "the highest `loss` on the solver's own test nets is the best" in told
    assert told.endswith("nothing is tested: the test nets were the judges\n")


def test_a_sweep_of_which_nothing_is_left_has_no_best() -> None:
    code, told, _ = sweep("--set", "base_lr=2e38,3e38", "--set", "max_iter=20")

    assert (code, told.endswith("no trial ended with a number\n")) == (0, True)


def test_control_c_leaves_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    run, seen = trial.run, list[int]()

    def interrupted(*args: object) -> object:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return run(*args)  # pyright: ignore[reportArgumentType] # as they come

    monkeypatch.setattr(trial, "run", interrupted)
    code, out, told = sweep(*RATES)

    assert (code, told) == (
        130,
        "stopped after 1 of 2 trials, kept in solver_sweep; the same command resumes\n",
    )
    assert out.splitlines()[-3].split()[:3] == ["trial", "accuracy", "base_lr"]
    assert Path("solver_sweep/results.csv").read_text(encoding="utf-8").count("\n") == 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--folds", "3", "--validation", "0.2"), "give --validation or --folds, not both"),
        (("--monitor", "loss:up"), "'up' is neither `min` nor `max`"),
        (("--folds", "1"), "1 is not in the range"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(args: tuple[str, ...], told: str) -> None:
    code, _, stderr = sweep(*RATES, *args)

    assert code == 2
    assert told in stderr
