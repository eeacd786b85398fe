import io

import pytest
import torch
from rich.console import Console

from protonet.diagnostics import Diagnostic, Severity
from protonet.report import progress
from protonet.report.progress import ProgressBar
from protonet.train import events
from protonet.train.events import Event, Output

RUN: tuple[Event, ...] = (
    events.Warned(Diagnostic("PN612", "there is no CUDA device", severity=Severity.WARNING)),
    events.Finetuning("base.pth"),
    events.Restoring("a_iter_10.solverstate", "SGD"),
    events.Solving("LeNet", "fixed", 10, 20),
    events.Testing(10, 0),
    events.Tested(10, 0, (Output("accuracy", 0.9876),), loss=0.25),
    events.Tested(10, 1, (Output("error", 0.5),)),
    events.Iterated(11, 0.01, torch.tensor(1.5)),
    events.Iterated(12, 0.01, torch.tensor(1.25)),
    events.SteppedRate(12, 1),
    events.Snapshotting("a_iter_20.caffemodel", state=False, hdf5=False),
    events.Snapshotting("a_iter_20.solverstate", state=True, hdf5=False),
    events.ReducedRate(14, 1, 0.5),
    events.StoppedEarly(16, "accuracy", 0.75),
    events.Magnitude("Forward", "ip", "top blob ip", 0.125),
    events.DisplayedLast(20, 0.5),
)


def shown(*run: Event) -> str:
    stream = io.StringIO()
    with ProgressBar(
        Console(file=stream, force_terminal=True, width=200, color_system=None)
    ) as bar:
        for event in run:
            bar(event)
    return stream.getvalue()


def test_run_is_told_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.0)

    text = shown(*RUN, events.Solved(20, early=False))

    for expected in (
        "warning[PN612]: there is no CUDA device",
        "weights from base.pth",
        "going on from a_iter_10.solverstate",
        "10  test #0: accuracy 0.9876  total loss 0.25",
        "10  test #1: error 0.5",
        "12  multistep: step 1",
        "snapshot a_iter_20.solverstate",
        "14  plateau: rate times 0.5",
        "16  stops early: no better accuracy than 0.75",
        "[Forward] Layer ip, top blob ip data: 0.125",
        "20  final loss 0.5",
        "20  done",
    ):
        assert expected in text
    assert "caffemodel" not in text


def test_bar_shows_loss_rate_and_last_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.0)

    last = shown(*RUN, events.Solved(20, early=True))

    assert "LeNet" in last
    assert "20/20" in last
    assert "loss 1.25  lr 0.01" in last
    assert "stopped early" in last


def test_loss_is_not_looked_at_in_every_iteration() -> None:
    text = shown(events.Solving("LeNet", "fixed", 0, 20), *RUN[7:8])

    assert "loss" not in text


def test_bar_draws_on_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar(events.Solved(5, early=False))

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "5  done" in captured.err
