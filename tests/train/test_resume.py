import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.train import events, resume, snapshot
from protonet.train.resume import Position
from protonet.train.solver import Solver
from protonet.weights.solverstate import SolverSnapshot, write_solverstate
from tests.train.runs import NET, Told, weights, write

TESTS = "test_iter: 2 test_interval: 4 average_loss: 5 display: 1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(run: Told) -> list[object]:
    """Return losses and test results, without the times they took."""
    return [
        (e.it, e.loss, e.outputs)
        for e in run.events
        if isinstance(e, events.Displayed | events.Tested)
    ]


def warned(run: Told) -> list[str]:
    return [e.diagnostic.render() for e in run.events if isinstance(e, events.Warned)]


@pytest.mark.parametrize("at", [3, 4])
@pytest.mark.parametrize(
    "fields",
    [
        "",
        "snapshot_format: HDF5",
        'type: "Adam"',
        'type: "AdaDelta" delta: 1e-6',
        'type: "Nesterov" warmup { iterations: 6 }',
        'type: "AdamW" clip_value: 0.1',
        'type: "Lion" min_lr: 0.001',
        'type: "torch.NAdam" snapshot_format: HDF5',
        'type: "torch.SGD" plateau { monitor: "loss" patience: 0 min_delta: 9 }',
        "debug_info: true snapshot_diff: true",
        "iter_size: 2 clip_gradients: 1",
        "random_seed: -1",
    ],
)
def test_resumed_run_equals_the_uninterrupted_one_to_the_bit(
    folder: Path, fields: str, at: int
) -> None:
    path = write(folder, f"{TESTS} {fields}")
    if "random_seed: -1" in fields:
        path.write_text(path.read_text().replace("random_seed: 1701", ""))
    whole = Told()
    one = Solver(path, listeners=[whole])
    one.listeners.append(
        lambda event: (
            None
            if not isinstance(event, events.Iterated) or event.it != at
            else (one.snapshot(), None)[1]
        )
    )
    one.solve()
    torch.rand(7)
    rest = Told()
    other = Solver(path, listeners=[rest])
    other.solve(next(iter(folder.glob(f"run_iter_{at}.solverstate*"))))

    assert weights(other) == weights(one)
    assert [h.tolist() for h in other.history] == [h.tolist() for h in one.history]
    assert shown(rest) == [entry for entry in shown(whole) if entry[0] >= at]  # pyright: ignore[reportIndexIssue, reportUnknownVariableType]


def test_without_its_file_data_start_over_as_in_caffe(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot: 3"))
    first = solver.net.feed.state()
    solver.step(3)
    (folder / "run_iter_3.resume").unlink()
    other, told = Solver(write(folder)), Told()
    other.listeners.append(told)
    other.restore("run_iter_3.solverstate")

    assert (other.iter, other.net.feed.state()) == (3, first)
    assert weights(other) == weights(solver)
    assert told.events == [events.Restoring("run_iter_3.solverstate", "SGD")]


Body = dict[str, Any]

SPOILT: dict[str, Callable[[Body], object]] = {
    "other state": lambda body: body.update(fingerprint=1),
    "other data": lambda body: body["position"]["feeds"][0].update(positions={"images": 3}),
    "odd data": lambda body: body["position"]["feeds"][0].update(positions={"data": "3"}),
    "odd generator": lambda body: body["position"]["generators"].__setitem__(0, "AAAA"),
    "no losses": lambda body: body.pop("losses"),
}
"""What another program might write, with the right checksum."""


def spoil(path: Path, how: str) -> None:
    content = json.loads(path.read_text())
    match how:
        case "cut":
            path.write_text(path.read_text()[:20])
        case "large":
            os.truncate(path, resume.MOST_BYTES + 1)
        case "other format":
            path.write_text(json.dumps(content | {"format": 1}))
        case "a bit":
            content["body"]["losses"][0] += 1e-9
            path.write_text(json.dumps(content))
        case _:
            SPOILT[how](content["body"])
            content["crc"] = zlib.crc32(json.dumps(content["body"], sort_keys=True).encode())
            path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("cut", "warning[PN611]: `run_iter_2.resume` is not used: it cannot be read"),
        ("large", "warning[PN611]: `run_iter_2.resume` is not used: it is too large"),
        ("a bit", "warning[PN611]: `run_iter_2.resume` is not used: it is damaged"),
        ("odd data", "warning[PN611]: `run_iter_2.resume` is not used: it cannot be read"),
        ("odd generator", "warning[PN611]: `run_iter_2.resume` is not used: it cannot be read"),
        ("no losses", "warning[PN611]: `run_iter_2.resume` is not used: it cannot be read"),
        (
            "other format",
            "warning[PN611]: `run_iter_2.resume` is not used: another version of protonet wrote it",
        ),
        (
            "other state",
            "warning[PN611]: `run_iter_2.resume` is not used: it belongs to another solver state",
        ),
        ("other data", "warning[PN513]"),
    ],
)
def test_unusable_file_is_told_and_left(folder: Path, how: str, expected: str) -> None:
    Solver(write(folder, "snapshot: 2")).step(2)
    spoil(folder / "run_iter_2.resume", how)
    told = Told()
    solver = Solver(write(folder), listeners=[told])
    before = Position.of([solver.net, *solver.test_nets])
    solver.restore("run_iter_2.solverstate")

    (text,) = warned(told)
    assert text.startswith(expected)
    assert solver.iter == 2
    assert Position.of([solver.net, *solver.test_nets]) == before


def test_restored_rate_goes_on_from_the_saved_step(folder: Path) -> None:
    """As in Caffe the count is what is saved: new stepvalues are counted from there."""
    path = write(folder, "gamma: 0.1 stepvalue: 1 stepvalue: 2", lr_policy="multistep")
    solver = Solver(path)
    solver.step(3)
    solver.snapshot()
    changed = write(
        folder, "gamma: 0.1 stepvalue: 5 stepvalue: 6 stepvalue: 4", lr_policy="multistep"
    )
    other = Solver(changed)
    other.restore("run_iter_3.solverstate")
    rates = [other.lr]
    for _ in range(3):
        other.step()
        rates.append(other.lr)

    assert rates == pytest.approx([0.0005, 0.0005, 0.00005, 0.00005])


def test_restoring_beyond_max_iter_trains_no_more(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot: 12"))
    solver.step(12)
    other = Solver(write(folder, "snapshot_after_train: false"))
    other.solve("run_iter_12.solverstate")

    assert other.iter == 12
    assert weights(other) == weights(solver)


def test_moved_snapshot_finds_its_weights_beside_it(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot: 2"))
    solver.step(2)
    (folder / "kept").mkdir()
    for path in folder.glob("run_*"):
        shutil.move(path, folder / "kept" / path.name)
    other = Solver(write(folder))
    other.restore("kept/run_iter_2.solverstate")

    assert weights(other) == weights(solver)


def test_missing_weights_are_told(folder: Path) -> None:
    Solver(write(folder, "snapshot: 2")).step(2)
    (folder / "run_iter_2.caffemodel").unlink()

    with pytest.raises(DiagnosticError, match=r"PN609.*`run_iter_2\.caffemodel`, are not there"):
        Solver(write(folder)).restore("run_iter_2.solverstate")


def test_state_without_weights_keeps_those_of_the_solver(folder: Path) -> None:
    solver = Solver(write(folder))
    before = weights(solver)
    state = SolverSnapshot(7, "", 0, snapshot.Arrays(solver.history))
    write_solverstate("bare.solverstate", state)
    solver.restore("bare.solverstate")

    assert (solver.iter, weights(solver)) == (7, before)


def refused(solver: Path) -> list[str]:
    run = Solver(solver)
    before = weights(run)
    with pytest.raises(DiagnosticError) as caught:
        run.restore("run_iter_1.solverstate")
    assert weights(run) == before
    return [f"{d.code} {d.message}" for d in caught.value.diagnostics]


def test_layers_that_differ_from_those_of_the_snapshot_are_told(folder: Path) -> None:
    Solver(write(folder, "snapshot: 1")).step(1)
    wider = NET.replace("num_output: 10", "num_output: 20")
    renamed = NET.replace('name: "ip"', 'name: "fc"')

    assert refused(write(folder, net=wider)) == [
        (
            "PN610 layer `ip` is another one in the snapshot: "
            "blob 0 is (10, 784) in the file and (20, 784) in the net; "
            "blob 1 is (10,) in the file and (20,) in the net"
        )
    ]
    assert refused(write(folder, net=renamed)) == [
        "PN610 layer `fc` of the net is not in the snapshot",
        "PN610 layer `ip` (10, 784) (10,) of the snapshot is not in the net",
    ]


def test_state_of_another_rule_is_refused(folder: Path) -> None:
    Solver(write(folder, "snapshot: 1")).step(1)

    assert refused(write(folder, 'type: "Adam"')) == [
        "PN610 the solver state holds 2 history blobs, `Adam` keeps 4 for this net"
    ]


def test_history_of_other_blobs_is_refused(folder: Path) -> None:
    solver = Solver(write(folder))
    history = snapshot.Arrays([torch.zeros(3), *solver.history[1:]])
    write_solverstate("run_iter_1.solverstate", SolverSnapshot(1, "", 0, history))

    assert refused(write(folder)) == [
        "PN610 history blob 0 is (3,) in the solver state; blob 0 of layer `ip` is (10, 784)"
    ]


RECURRENT = """
layer { name: "turn" type: "Reshape" bottom: "data" top: "steps"
        reshape_param { shape { dim: 4 dim: 2 dim: 784 } } }
layer { name: "on" type: "DummyData" top: "cont" dummy_data_param {
        shape { dim: 4 dim: 2 } data_filler { value: 1 } } }
layer { name: "lstm" type: "LSTM" bottom: "steps" bottom: "cont" top: "h"
        recurrent_param { num_output: 5 weight_filler { type: "uniform" min: -0.1 max: 0.1 } } }
layer { name: "flat" type: "Reshape" bottom: "h" top: "flat"
        reshape_param { shape { dim: 8 dim: 5 } } }
layer { name: "ip" type: "InnerProduct" bottom: "flat" top: "ip"
        inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def test_states_of_recurrent_layers_go_on(folder: Path) -> None:
    data = NET[
        : NET.index(
            'layer {\n  name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }'
        )
    ]
    path = write(folder, "snapshot: 2 display: 1", net=data + RECURRENT)
    whole = Told()
    one = Solver(path, listeners=[whole])
    one.step(4)
    rest = Told()
    other = Solver(path, listeners=[rest])
    other.restore("run_iter_2.solverstate")
    other.step(2)

    assert weights(other) == weights(one)
    assert shown(rest) == shown(whole)[2:]
