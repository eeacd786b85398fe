import io
import os
import re

import pytest
import torch

from protonet.diagnostics import Diagnostic
from protonet.report.log import CaffeLog, lines, number
from protonet.train import events
from protonet.train.events import Event, Output

LOSS = Output("loss", 2.30258512, 1.0)
ACCURACY = Output("accuracy", 0.125)

LINES: list[tuple[Event, list[str]]] = [
    (events.Finetuning("base.caffemodel"), ["Finetuning from base.caffemodel"]),
    (
        events.Solving("LeNet", "inv", 0, 100),
        ["Solving LeNet", "Learning Rate Policy: inv"],
    ),
    (
        events.Restoring("a_iter_5.solverstate", "SGD"),
        [
            "Restoring previous solver status from a_iter_5.solverstate",
            "SGDSolver: restoring history",
        ],
    ),
    (
        events.Caching("TRAIN", "a .. b", "b", 2000, 30),
        ["Features of TRAIN: frozen prefix a .. b: keeping b (2,000 samples, 30 bytes in memory)"],
    ),
    (
        events.Caching("TRAIN", "conv", "conv", 20, 30, "a.kept", 7, variants=2, joined=4),
        [
            "Features of TRAIN: frozen prefix conv: keeping conv (20 samples, 30 bytes in a.kept)",
            "Features of TRAIN: 7 of them are in the file already",
            "Features of TRAIN: 2 crops and mirrorings of each image, as `cache_variants` says",
            "Features of TRAIN: the rest runs the 4 batches of an iteration as one",
        ],
    ),
    (events.Cached("TEST #0", 2000), ["Features of TEST #0: all 2,000 samples are kept"]),
    (
        events.Uncached("TRAIN", "conv1 .. pool2", "there is no room"),
        ["Features of TRAIN: frozen prefix conv1 .. pool2 is not kept: there is no room"],
    ),
    (events.Testing(500, 1), ["Iteration 500, Testing net (#1)"]),
    (
        events.Tested(500, 1, (ACCURACY, LOSS), loss=2.5),
        [
            "Test loss: 2.5",
            "    Test net output #0: accuracy = 0.125",
            "    Test net output #1: loss = 2.30259 (* 1 = 2.30259 loss)",
        ],
    ),
    (events.Tested(0, 0, ()), []),
    (events.TestInterrupted(500, 0), ["Test interrupted."]),
    (
        events.Displayed(200, 1e-7, (Output("loss", 4.0, 0.3),), 100, 8.0, 100),
        [
            "Iteration 200 (12.5 iter/s, 8s/100 iters), loss = 1e-07",
            "    Train net output #0: loss = 4 (* 0.3 = 1.2 loss)",
        ],
    ),
    (events.SteppedRate(100, 1), ["MultiStep Status: Iteration 100, step = 1"]),
    (events.DisplayedRate(100, 0.00992565), ["Iteration 100, lr = 0.00992565"]),
    (
        events.Clipped(12.5, 5.0, 0.4),
        ["Gradient clipping: scaling down gradients (L2 norm 12.5 > 5) by scale factor 0.4"],
    ),
    (events.Overflowed(7), ["Iteration 7, no update: a gradient overflowed"]),
    (
        events.Snapshotting("a_iter_5.caffemodel", state=False, hdf5=False),
        ["Snapshotting to binary proto file a_iter_5.caffemodel"],
    ),
    (
        events.Snapshotting("a_iter_5.solverstate", state=True, hdf5=False),
        ["Snapshotting solver state to binary proto file a_iter_5.solverstate"],
    ),
    (
        events.Snapshotting("a_iter_5.caffemodel.h5", state=False, hdf5=True),
        ["Snapshotting to HDF5 file a_iter_5.caffemodel.h5"],
    ),
    (
        events.Snapshotting("a_iter_5.solverstate.h5", state=True, hdf5=True),
        ["Snapshotting solver state to HDF5 file a_iter_5.solverstate.h5"],
    ),
    (events.ReducedRate(100, 2, 0.1), ["Plateau Status: Iteration 100, step = 2"]),
    (
        events.StoppedEarly(100, "accuracy", 0.9375),
        ["Early stopping: Iteration 100, no better accuracy than 0.9375"],
    ),
    (
        events.Magnitude("Forward", "conv1", "top blob conv1", 0.0645037),
        ["    [Forward] Layer conv1, top blob conv1 data: 0.0645037"],
    ),
    (
        events.Magnitude("Backward", "fc1", "param blob 0", diff=0.00755869),
        ["    [Backward] Layer fc1, param blob 0 diff: 0.00755869"],
    ),
    (
        events.Magnitude("Update", "fc1", "param 0", 0.5, 0.25),
        ["    [Update] Layer fc1, param 0 data: 0.5; diff: 0.25"],
    ),
    (
        events.Norms((2711.42, 7086.66), (6.11659, 4085.07)),
        [
            (
                "    [Backward] All net params (data, diff): "
                "L1 norm = (2711.42, 7086.66); L2 norm = (6.11659, 4085.07)"
            )
        ],
    ),
    (events.DisplayedLast(100, 0.5), ["Iteration 100, loss = 0.5"]),
    (events.Solved(100, early=False), ["Optimization Done.", "Optimization Done."]),
    (events.Solved(70, early=True), ["Optimization stopped early.", "Optimization Done."]),
    (events.Iterated(1, 0.1, torch.tensor(1.0)), []),
]


@pytest.mark.parametrize(("event", "expected"), LINES, ids=str)
def test_lines_are_those_of_caffe(event: Event, expected: list[str]) -> None:
    assert [text for _, text in lines(event)] == expected


def test_numbers_are_printed_as_cpp_does() -> None:
    values = (0.01, 1e-5, 123456.7, 1234567.0, 2.0, float("nan"), float("inf"))

    assert [number(v) for v in values] == [
        "0.01", "1e-05", "123457", "1.23457e+06", "2", "nan", "inf",
    ]  # fmt: skip


def test_prefix_is_that_of_glog() -> None:
    stream = io.StringIO()
    CaffeLog(stream)(events.DisplayedRate(0, 0.01))

    expected = (
        rf"I\d{{4}} \d\d:\d\d:\d\d\.\d{{6}} {os.getpid():5d} sgd_solver\.cpp:106\] "
        r"Iteration 0, lr = 0\.01\n"
    )
    assert re.fullmatch(expected, stream.getvalue())


def test_warning_has_its_own_letter() -> None:
    stream = io.StringIO()
    CaffeLog(stream)(events.Warned(Diagnostic("PN612", "there is no CUDA device")))

    assert re.fullmatch(r"W.*\] error\[PN612\]: there is no CUDA device\n", stream.getvalue())


def test_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    CaffeLog()(events.Testing(0, 0))

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("] Iteration 0, Testing net (#0)\n")
