"""Curves read back from logs and records."""

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.curves import Curve, Curves, read_curves
from protonet.report.record import Record
from protonet.source import readable
from protonet.train import events

LOG = """\
I0210 13:39:22.381027 25210 solver.cpp:273] Solving LeNet
I0210 13:39:22.392011 25210 solver.cpp:331] Iteration 0, Testing net (#0)
I0210 13:39:26.011027 25210 solver.cpp:400]     Test net output #0: accuracy = 0.0919
I0210 13:39:26.011027 25210 solver.cpp:400]     Test net output #1: loss = 2.32 (* 1 = 2.32 loss)
I0210 13:39:26.011027 25210 solver.cpp:331] Iteration 0, Testing net (#1)
I0210 13:39:26.011027 25210 solver.cpp:400]     Test net output #0: accuracy = 0.1
I0210 13:39:26.021027 25210 solver.cpp:219] Iteration 0 (0 iter/s, 3.5s/100 iters), loss = 2.33
I0210 13:39:26.021027 25210 solver.cpp:238]     Train net output #0: loss = 2.4 (* 1 = 2.4 loss)
I0210 13:39:26.021027 25210 sgd_solver.cpp:106] Iteration 0, lr = 0.01
I0210 13:39:27.021027 25210 solver.cpp:219] Iteration 100, loss = 1.5e-01
I0210 13:39:27.021027 25210 solver.cpp:238]     Train net output #0: loss = nan (* 1 = nan loss)
I0210 13:39:27.021027 25210 sgd_solver.cpp:46] MultiStep Status: Iteration 100, step = 1
I0210 13:39:27.021027 25210 sgd_solver.cpp:106] Iteration 100, lr = 1e-3
"""

WHOLE = Curves(
    "run.log",
    loss=Curve((0, 100), (2.33, 0.15)),
    rate=Curve((0, 100), (0.01, 0.001)),
    train={"loss": Curve((0, 100), (2.4, math.nan))},
    test={"accuracy": Curve((0,), (0.0919,)), "loss": Curve((0,), (2.32,))}
    | {"accuracy #1": Curve((0,), (0.1,))},
)

EVENTS = (
    events.Tested(0, 0, (events.Output("accuracy", 0.0919), events.Output("loss", 2.32, 1.0))),
    events.Tested(0, 1, (events.Output("accuracy", 0.1),)),
    events.Displayed(0, 2.33, (events.Output("loss", 2.4, 1.0),), 0, 3.5, 100),
    events.DisplayedRate(0, 0.01),
    events.SteppedRate(100, 1),
    events.Displayed(100, 0.15, (events.Output("loss", math.nan, 1.0),), 100, 1.0, 100),
    events.DisplayedRate(100, 0.001),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(found: Curves) -> str:
    """Return curves in a form in which no number equals itself."""
    return repr(replace(found, name=""))


def write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def record(name: str, *told: events.Event) -> None:
    writer = Record(name)
    for event in told:
        writer(event)
    writer.close()


def test_a_log_of_caffe_is_read() -> None:
    assert told(read_curves(write("run.log", LOG))) == told(WHOLE)


@pytest.mark.parametrize("name", ["run.jsonl", "run.csv"])
def test_a_record_holds_what_the_log_does(name: str) -> None:
    record(name, *EVENTS)

    assert told(read_curves(name)) == told(WHOLE)


@pytest.mark.parametrize("name", ["run.jsonl", "run.csv"])
def test_a_record_may_have_names_that_are_no_utf8(name: str) -> None:
    record(name, events.Tested(0, 0, (events.Output("caf\udce9", 0.5),)))

    (blob,) = read_curves(name).test

    assert readable(blob) == "caf\ufffd"


@pytest.mark.parametrize("name", ["run.jsonl", "run.csv"])
def test_a_resumed_run_goes_on_in_the_same_file_and_its_values_count(name: str) -> None:
    record(name, *EVENTS)
    record(name, events.Displayed(100, 0.2, (), 100, 1.0, 100), events.DisplayedLast(200, 0.1))

    found = read_curves(name)

    assert found.loss == Curve((0, 100, 200), (2.33, 0.2, 0.1))
    assert Path(name).read_text(encoding="utf-8").count("it,kind") == (name == "run.csv")


def test_a_run_that_goes_back_leaves_nothing_of_what_came_later() -> None:
    at = [events.Displayed(it, it / 100, (), 0, 1.0, 100) for it in (0, 100, 200, 300)]
    tested = events.Tested(200, 0, (events.Output("accuracy", 0.5),))
    record("run.csv", *at[:3], tested, at[3])

    record("run.csv", events.Displayed(150, 7.0, (), 0, 1.0, 50))

    found = read_curves("run.csv")
    assert (found.loss, found.test) == (Curve((0, 100, 150), (0.0, 1.0, 7.0)), {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Iteration 100 (5.2 iter/s, 19.2s/100 iter), 0.5/60ep, loss = 1.9", 1.9),
        ("Iteration 100 (3.78 s), loss = -nan", math.nan),
        ("Iteration 100, loss = 1.#QNAN", math.nan),
        ("Iteration 100, loss = 1.#INF", math.inf),
    ],
)
def test_losses_of_forks_and_of_windows_are_read(line: str, value: float) -> None:
    found = read_curves(write("run.log", f"I0210 13:39:27.021027 25210 solver.cpp:219] {line}\r\n"))

    assert repr(found.loss) == repr(Curve((100,), (value,)))


@pytest.mark.parametrize(
    ("name", "end"), [("run.jsonl", '{"it": 7, "kind": "lo'), ("run.csv", "7,lo")]
)
def test_an_unfinished_line_is_passed_over(name: str, end: str) -> None:
    record(name, *EVENTS)
    with Path(name).open("a", encoding="utf-8") as stream:
        stream.write(end)

    assert told(read_curves(name)) == told(WHOLE)


def test_of_a_folder_the_newest_is_read() -> None:
    write("old.log", LOG.replace("2.33", "9"))
    write("caffe.host.user.log.INFO.20150210-133922.25210", LOG)
    write("notes.md", "nothing")
    os.utime("old.log", (1, 1))

    assert told(read_curves(Path.cwd())) == told(WHOLE)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: write("run.log", "I am no log\n"), "it holds no iteration with a loss or a test"),
        (lambda: ".", "no file in it ends in .jsonl, .csv, .log, .txt"),
    ],
)
def test_a_file_without_curves_is_told(make: Callable[[], str], reason: str) -> None:
    with pytest.raises(DiagnosticError, match="PN680") as caught:
        read_curves(make())

    assert caught.value.diagnostics[0].message.endswith(reason)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(DiagnosticError, match="PN021"):
        read_curves("gone.log")


def test_a_record_must_say_its_form() -> None:
    with pytest.raises(
        DiagnosticError, match=r"PN681.*`run.txt` does not say what form the record has"
    ):
        Record("run.txt")


def test_a_record_that_cannot_be_written_is_told() -> None:
    with pytest.raises(DiagnosticError, match="PN408"):
        Record("gone/run.csv")


def test_points_that_are_no_numbers_can_be_left_out() -> None:
    assert Curve((1, 2, 3), (math.inf, 2.0, math.nan)).finite == Curve((2,), (2.0,))
