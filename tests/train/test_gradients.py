"""Losses that are scaled for fp16; means over processes are in test_distributed."""

from pathlib import Path

import pytest
import torch

from protonet.nets.execution import Execution
from protonet.train import events
from protonet.train.solver import Solver
from tests.train.runs import Told, weights, write

HALF = Execution(amp="fp16")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_half_floats_train_as_float32_does_to_their_rounding(folder: Path) -> None:
    path = write(folder, "clip_gradients: 1 iter_size: 2")
    plain = Solver(path)
    loss = plain.step(10)
    half = Solver(path, execution=HALF)

    assert half.step(10) == pytest.approx(loss, rel=0.01)
    for mine, theirs in zip(weights(half), weights(plain), strict=True):
        torch.testing.assert_close(torch.tensor(mine), torch.tensor(theirs), rtol=0.01, atol=0.002)


def test_a_gradient_that_overflows_has_no_update_and_halves_the_scale(folder: Path) -> None:
    told = Told()
    solver = Solver(write(folder), execution=HALF, listeners=[told])
    before = weights(solver)
    state = solver.gradients.state()
    solver.gradients.restore(state | {"scale": 2.0**40})

    solver.step(1)

    assert (told.of(events.Overflowed), weights(solver)) == ([events.Overflowed(0)], before)
    assert solver.gradients.state()["scale"] == 2.0**39
    solver.gradients.restore(state)
    solver.step(1)
    assert weights(solver) != before


def test_a_resumed_run_has_the_scale_of_the_one_before(folder: Path) -> None:
    path = write(folder, "snapshot: 5")
    whole = Solver(path, execution=HALF)
    whole.gradients.restore(whole.gradients.state() | {"scale": 2.0**10})
    whole.solve()

    resumed = Solver(path, execution=HALF)
    resumed.solve("run_iter_5.solverstate")

    assert resumed.gradients.state() == whole.gradients.state()
    assert weights(resumed) == weights(whole)


def test_a_snapshot_of_a_run_without_a_scale_is_gone_on_from(folder: Path) -> None:
    path = write(folder, "snapshot: 5")
    Solver(path).step(5)
    half = Solver(path, execution=HALF)
    fresh = half.gradients.state()

    half.restore("run_iter_5.solverstate")

    assert (half.gradients.state(), Solver(path).gradients.state()) == (fresh, {})


def test_lenet_learns_the_digits_in_bfloat16(folder: Path) -> None:
    path = folder / "solver.prototxt"
    path.write_text("""
        net: "zoo/lenet_digits/train_val.prototxt"
        base_lr: 0.02 lr_policy: "poly" power: 1 max_iter: 250 momentum: 0.9 weight_decay: 0.0005
        test_iter: 5 test_interval: 250 test_initialization: false random_seed: 1701
    """)
    told = Told()

    Solver(path, execution=Execution(amp="bf16"), listeners=[told]).solve()

    (tested,) = (event for event in told.events if isinstance(event, events.Tested))
    assert tested.outputs[0].value >= 0.97
