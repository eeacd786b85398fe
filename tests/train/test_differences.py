"""What a resumed run says of what has changed."""

from pathlib import Path

import pytest
import torch

from protonet.message.common import FillerParameter
from protonet.spec.solver import SolverParameter
from protonet.train import events, snapshot
from protonet.train.differences import config, of_config, shown
from protonet.train.solver import Solver
from protonet.weights.solverstate import SolverSnapshot, write_solverstate
from tests.train.runs import NET, Told, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(path: Path, state: str = "run_iter_4.solverstate") -> list[tuple[str, str, str]]:
    """Return what a solver says when it is restored."""
    told = Told()
    Solver(path, listeners=[told]).restore(state)
    warned = [e.diagnostic for e in told.events if isinstance(e, events.Warned)]
    return [(d.code, d.message, d.help) for d in warned]


def test_the_same_solver_says_nothing(folder: Path) -> None:
    path = write(folder, "snapshot: 4")
    Solver(path).step(4)

    assert said(path) == []


def test_outputs_of_a_run_may_change_unsaid(folder: Path) -> None:
    Solver(write(folder, "snapshot: 4")).step(4)

    assert said(write(folder, "display: 3 snapshot: 9 test_iter: 1 test_interval: 7")) == []


def test_another_rate_is_told_with_what_it_was(folder: Path) -> None:
    Solver(write(folder, "snapshot: 4")).step(4)
    text = write(folder, "gamma: 0.5 regularization_type: 'L1'", lr_policy="exp").read_text()
    changed = folder / "changed.prototxt"
    changed.write_text(text.replace("momentum: 0.9", "momentum: 0.5"))

    assert said(changed) == [
        (
            "PN640",
            (
                "the solver has changed since the snapshot: `gamma` was 0 and is 0.5, "
                "`lr_policy` was fixed and is exp, `momentum` was 0.9 and is 0.5, "
                "`regularization_type` was L2 and is L1"
            ),
            (
                "from iteration 4 on the solver file counts: "
                "its rate is 0.003125, and would have been 0.05"
            ),
        )
    ]


def test_max_iter_matters_where_the_rate_goes_by_it(folder: Path) -> None:
    path = write(folder, "snapshot: 4 power: 1", lr_policy="poly")
    Solver(path).step(4)
    path.write_text(path.read_text().replace("max_iter: 10", "max_iter: 20"))

    ((code, message, help_),) = said(path)

    assert (code, message) == (
        "PN640",
        "the solver has changed since the snapshot: `max_iter` was 10 and is 20",
    )
    assert help_.endswith("its rate is 0.04, and would have been 0.03")


def test_another_batch_and_seed_are_told(folder: Path) -> None:
    path = write(folder, "snapshot: 4")
    Solver(path).step(4)
    net = NET.replace("batch_size: 8", "batch_size: 16")
    changed = write(folder, "iter_size: 2", net=net)
    changed.write_text(changed.read_text().replace("1701", "3"))

    assert said(changed) == [
        (
            "PN641",
            (
                "an update has seen other batches before the snapshot: `iter_size` was 1 and is 2, "
                "`data` was [8, 1, 28, 28] and is [16, 1, 28, 28], `label` was [8] and is [16]"
            ),
            "data go on with the record that was next; the rate may have to change with them",
        ),
        (
            "PN640",
            "the solver has changed since the snapshot: `random_seed` was 1701 and is 3",
            "data and random numbers go on as they were; the new seed is not used",
        ),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not set"),
        ((), "not set"),
        ((1, 2), "[1, 2]"),
        (0.1, "0.1"),
        ("SGD", "SGD"),
        (FillerParameter.of({"type": "xavier", "value": 2.0}), '{ type: "xavier" value: 2 }'),
    ],
)
def test_values_are_shown_as_in_a_file(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("spoilt", [{"solver": "no solver {"}, {}])
def test_a_config_that_cannot_be_read_says_nothing(folder: Path, spoilt: dict[str, str]) -> None:
    solver = Solver(write(folder))
    saved = SolverSnapshot(4, "", 0, ())

    assert config(solver.param, [solver.net]).keys() == {"solver", "nets", "inputs"}
    assert list(of_config(spoilt, SolverParameter(), solver.net, saved)) == []


def written(folder: Path, it: int, step: int, momentum: float, net: str = NET) -> None:
    solver = Solver(write(folder, net=net))
    history = snapshot.Arrays([torch.full_like(h, momentum) for h in solver.history])
    write_solverstate("run_iter_4.solverstate", SolverSnapshot(it, "", step, history))


@pytest.mark.parametrize(
    ("stepvalues", "it", "step", "passed"),
    [
        ([2, 4], 4, 1, None),
        ([2, 3], 4, 2, None),
        ([3, 3], 4, 1, None),  # of two equal ones the second is taken one iteration later
        ([3, 3], 5, 2, None),
        ([2, 3, 9], 4, 0, 2),
        ([5, 6], 4, 2, 0),
    ],
)
def test_steps_that_do_not_go_with_the_count_are_told(
    folder: Path, stepvalues: list[int], it: int, step: int, passed: int | None
) -> None:
    written(folder, it, step, 0.0)
    fields = " ".join(f"stepvalue: {value}" for value in stepvalues)

    found = said(write(folder, f"gamma: 0.1 {fields}", lr_policy="multistep"))

    codes = [entry for entry in found if entry[0] == "PN642"]
    if passed is None:
        assert codes == []
    else:
        ((_, message, help_),) = codes
        assert message == (
            f"the snapshot has passed {step} of `stepvalue`, but the solver has "
            f"{passed} of them before iteration {it}"
        )
        rates = [f"{0.05 * 0.1**n:g}" for n in (step, passed)]
        assert help_ == (
            "as in Caffe the snapshot's count goes on: "
            f"the rate is {rates[0]}, and would be {rates[1]}"
        )


FROZEN = NET.replace("lr_mult: 1", "lr_mult: 0")


@pytest.mark.parametrize(
    ("rule", "momentum", "expected"),
    [
        ("SGD", 0.5, ["PN643"]),
        ("Nesterov", 0.5, ["PN643"]),
        ("SGD", 0.0, []),
        ("AdaGrad", 0.5, []),
    ],
)
def test_frozen_blobs_that_go_on_moving_are_told(
    folder: Path, rule: str, momentum: float, expected: list[str]
) -> None:
    written(folder, 4, 0, momentum)
    path = write(folder, f'type: "{rule}"', net=FROZEN)
    if rule == "AdaGrad":
        path.write_text(path.read_text().replace("momentum: 0.9", ""))

    found = said(path)

    assert [code for code, _, _ in found] == expected
    assert all(
        message == "frozen blobs have momentum in the snapshot: `ip/0`" for _, message, _ in found
    )


def test_weights_that_were_moved_are_told(folder: Path) -> None:
    path = write(folder, "snapshot: 4")
    Solver(path).step(4)
    (folder / "kept").mkdir()
    for file in folder.glob("run_*"):
        file.rename(folder / "kept" / file.name)

    assert said(path, "kept/run_iter_4.solverstate") == [
        (
            "PN644",
            "the weights of the snapshot, `run_iter_4.caffemodel`, are not there",
            "`kept/run_iter_4.caffemodel` is read, which is beside it",
        )
    ]
