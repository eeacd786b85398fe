"""Which snapshots are kept, and what happens where one cannot be written."""

import os
import resource
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.train import events
from protonet.train.saving import Snapshots
from protonet.train.signals import Action
from protonet.train.solver import Solver
from tests.train.runs import Told, weights, write

KINDS = ("caffemodel", "resume", "solverstate")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".prototxt")


def of(*iterations: int) -> list[str]:
    return sorted(f"run_iter_{it}.{kind}" for it in iterations for kind in KINDS)


def test_the_last_snapshots_are_kept(folder: Path) -> None:
    told = Told()
    Solver(write(folder, "snapshot: 2 keep_last: 2"), listeners=[told]).step(8)

    assert files(folder) == of(6, 8)
    assert told.of(events.Dropped) == [events.Dropped(2), events.Dropped(4)]


def test_all_are_kept_by_default(folder: Path) -> None:
    Solver(write(folder, "snapshot: 2")).step(8)

    assert files(folder) == of(2, 4, 6, 8)


def test_a_resumed_run_removes_those_of_the_run_that_it_goes_on(folder: Path) -> None:
    path = write(folder, "snapshot: 2 keep_last: 2")
    Solver(path).step(4)
    other = Solver(path)
    other.restore("run_iter_4.solverstate")
    other.step(2)

    assert files(folder) == of(4, 6)


def test_snapshots_of_other_runs_are_left(folder: Path) -> None:
    Solver(write(folder, "snapshot: 3")).step(3)
    Solver(write(folder, "snapshot: 2 keep_last: 1")).step(4)

    assert files(folder) == of(3, 4)


def test_a_snapshot_that_is_written_again_counts_once(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot: 2 keep_last: 2"))
    solver.step(2)
    solver.snapshot()
    solver.step(2)

    assert files(folder) == of(2, 4)


def test_old_snapshots_of_the_other_format_go_too(folder: Path) -> None:
    Solver(write(folder, "snapshot: 2")).step(2)
    solver = Solver(write(folder, "snapshot: 2 keep_last: 1 snapshot_format: HDF5"))
    solver.restore("run_iter_2.solverstate")
    solver.step(2)

    assert files(folder) == [
        "run_iter_4.caffemodel.h5",
        "run_iter_4.resume",
        "run_iter_4.solverstate.h5",
    ]


BEST = 'test_iter: 2 test_interval: 2 keep_best { monitor: "accuracy" mode: MAX }'


@pytest.mark.parametrize(
    ("mode", "values", "kept"),
    [
        ("MAX", [0.5, 0.7, 0.7, float("nan"), 0.6, 0.8], [0.5, 0.7, 0.8]),
        ("MIN", [float("nan"), 0.5, 0.7, 0.4, 0.4], [0.5, 0.4]),
    ],
)
def test_a_test_is_the_best_where_its_value_is_better(
    folder: Path, mode: str, values: list[float], kept: list[float]
) -> None:
    solver = Solver(write(folder, BEST.replace("MAX", mode)))
    told = Told()
    snapshots = Snapshots(solver.param, "run", told)
    for it, value in enumerate(values):
        snapshots.see(solver.net, it, [{"accuracy": value}])

    assert told.events == [
        events.Kept(values.index(value), "accuracy", value, "run_best.caffemodel") for value in kept
    ]
    assert files(folder) == ["run_best.caffemodel"]


@pytest.mark.parametrize("suffix", ["", ".h5"])
def test_the_best_weights_are_those_that_were_tested(folder: Path, suffix: str) -> None:
    told = Told()
    form = "snapshot_format: HDF5" if suffix else ""
    path = write(folder, f"{BEST} {form} snapshot: 4")
    solver = Solver(path, listeners=[told])
    solver.solve()

    best = told.of(events.Kept)[-1]
    assert isinstance(best, events.Kept)
    again = Solver(path, weights=f"run_best.caffemodel{suffix}")
    tested = [
        e.outputs[0].value for e in told.events if isinstance(e, events.Tested) and e.it <= best.it
    ]
    assert best.value == max(tested) == tested[-1]
    assert weights(again) != weights(Solver(path))


def test_the_best_of_an_interrupted_run_is_known_to_the_next(folder: Path) -> None:
    path = write(folder, f"{BEST} snapshot: 4")
    whole = Told()
    Solver(path, listeners=[whole]).solve()
    rest = Told()
    Solver(path, listeners=[rest]).solve("run_iter_4.solverstate")

    assert rest.of(events.Kept) == [
        e for e in whole.of(events.Kept) if isinstance(e, events.Kept) and e.it >= 4
    ]


def test_an_interrupted_test_has_no_result(folder: Path) -> None:
    solver = Solver(write(folder, BEST))
    solver.request(Action.STOP)
    solver.test()

    assert files(folder) == []


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Let no file grow beyond ``size`` bytes, as if the disk were full."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@contextmanager
def unlimited_at_the_end() -> Generator[None]:
    """Take back what a listener has set."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def full_disk_from(solver: Solver, it: int) -> None:
    """Let all files from an iteration on be too large, until the next iteration."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(event: events.Event) -> None:
        if isinstance(event, events.Iterated):
            most = 1000 if event.it == it else old[0]
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, old[1]))

    solver.listeners.append(limit)


def test_a_full_disk_keeps_the_snapshot_before_and_the_training_goes_on(folder: Path) -> None:
    path = write(folder, "snapshot: 2")
    expected = Solver(path)
    expected.step(6)
    for file in folder.glob("run_*"):
        file.unlink()
    told = Told()
    solver = Solver(path, listeners=[told])
    full_disk_from(solver, 4)
    solver.step(6)

    assert weights(solver) == weights(expected)
    assert files(folder) == of(2, 6)
    warned = [e.diagnostic for e in told.events if isinstance(e, events.Warned)]
    assert [(d.code, d.message, d.help) for d in warned] == [
        (
            "PN645",
            (
                "no snapshot of iteration 4 is kept: "
                "cannot write `run_iter_4.caffemodel`: file too large"
            ),
            "the training goes on; snapshots before it are untouched",
        )
    ]


def test_a_full_disk_leaves_an_older_snapshot_of_the_same_iteration(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot: 2"))
    solver.step(2)
    before = {path: path.read_bytes() for path in folder.glob("run_*")}
    with files_of_at_most(1000), pytest.raises(DiagnosticError, match="PN408"):
        solver.snapshot()

    assert {path: path.read_bytes() for path in folder.glob("run_*")} == before
    assert files(folder) == of(2)


def test_the_last_snapshot_has_to_be_written(folder: Path) -> None:
    solver = Solver(write(folder))
    full_disk_from(solver, 10)
    with unlimited_at_the_end(), pytest.raises(DiagnosticError, match="PN408"):
        solver.solve()

    assert files(folder) == []


def test_a_snapshot_on_demand_that_fails_ends_no_test(folder: Path) -> None:
    told = Told()
    solver = Solver(write(folder, "test_iter: 2 test_interval: 4"), listeners=[told])
    solver.request(Action.SNAPSHOT)
    with files_of_at_most(1000):
        solver.test()

    assert [type(e) for e in told.events if not isinstance(e, events.Snapshotting)] == [
        events.Testing,
        events.Warned,
        events.Tested,
    ]


def test_the_best_weights_that_cannot_be_written_are_told(folder: Path) -> None:
    told = Told()
    solver = Solver(write(folder, BEST), listeners=[told])
    with files_of_at_most(1000):
        solver.test()
    solver.test()

    assert [type(e) for e in told.events if isinstance(e, events.Kept | events.Warned)] == [
        events.Kept,
        events.Warned,
        events.Kept,
    ]


def test_what_a_killed_run_left_is_removed(folder: Path) -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    gone = process.pid
    (folder / f".run_iter_2.caffemodel.{gone}.tmp").mkdir()
    (folder / f".run_iter_2.caffemodel.{gone}.tmp" / "run_iter_2.caffemodel").touch()
    (folder / f".run_best.caffemodel.{gone}.tmp").touch()
    (folder / f".run_iter_2.resume.{os.getpid()}.tmp").touch()
    for name in (f".run_iter_2.x.{os.getppid()}.tmp", f".other.{gone}.tmp", ".run_iter_2.tmp"):
        (folder / name).touch()
    Solver(write(folder))

    assert files(folder) == sorted(
        [f".run_iter_2.x.{os.getppid()}.tmp", f".other.{gone}.tmp", ".run_iter_2.tmp"]
    )


def test_a_folder_that_is_not_there_is_told_before_the_training(folder: Path) -> None:
    path = write(folder)
    path.write_text(path.read_text().replace('"run"', '"gone/run"'))
    told = Told()

    with pytest.raises(DiagnosticError, match="PN608"):
        Solver(path, listeners=[told]).solve()

    assert told.events == []


def test_without_a_snapshot_no_folder_is_needed(folder: Path) -> None:
    path = write(folder, "snapshot_after_train: false")
    path.write_text(path.read_text().replace('"run"', '"gone/run"'))

    Solver(path).solve()

    assert files(folder) == []
