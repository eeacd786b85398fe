"""Learning a few samples by heart."""

from pathlib import Path

import pytest

from protonet.spec.read import read_solver
from protonet.train import events
from protonet.train.overfit import Verdict, doubt, overfit
from tests.train.runs import NET, Told, write

FIELDS = "test_iter: 1 test_interval: 5 stepvalue: 5 snapshot: 5"


def tried(folder: Path, rate: float, net: str = NET, told: Told | None = None) -> Verdict:
    path = write(folder, FIELDS, net=net, lr_policy="multistep")
    text = path.read_text().replace("0.05 ", f"{rate} ").replace("max_iter: 10", "max_iter: 300")
    path.write_text(text)
    return overfit(read_solver(path), 10, listeners=[told] if told else [])


def test_a_sound_net_learns_them(tmp_path: Path) -> None:
    told = Told()

    verdict = tried(tmp_path, 0.05, told=told)

    assert verdict.learnt
    assert verdict.accuracy == 1
    assert verdict.it < 300
    assert verdict.told.endswith(", accuracy 1")
    assert not told.of(events.Tested)
    assert not told.of(events.Snapshotting)
    assert not told.of(events.SteppedRate)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.prototxt", "solver.prototxt"]


def test_a_rate_that_is_too_low_is_told(tmp_path: Path) -> None:
    verdict = tried(tmp_path, 1e-9)

    assert not verdict.learnt
    assert verdict.it == 300
    assert doubt(verdict).code == "PN649"
    assert doubt(verdict).message.startswith("the net has not memorised 10 samples in 300")


@pytest.mark.parametrize(("rate", "learnt"), [(0.05, True), (1e-9, False)])
def test_a_net_without_classes_is_judged_by_its_loss(
    tmp_path: Path, rate: float, learnt: bool
) -> None:
    net = NET.replace('"SoftmaxWithLoss"', '"HingeLoss"')

    verdict = tried(tmp_path, rate, net)

    assert verdict.accuracy is None
    assert verdict.learnt is learnt
    assert "accuracy" not in verdict.told


def test_no_more_samples_than_there_are_count(tmp_path: Path) -> None:
    path = write(tmp_path)

    assert overfit(read_solver(path), 5000).samples == 1297
