"""Real processes, killed at random moments."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from protonet.train import events, resume
from protonet.train.solver import Solver
from protonet.weights.solverstate import read_solverstate
from tests.train.runs import Told, write

SCRIPT = """
import sys
from protonet.train import events
from protonet.train.solver import Solver

def tell(event):
    if isinstance(event, events.Displayed | events.Tested):
        loss = event.loss if isinstance(event, events.Displayed) else event.outputs[0].value
        print(type(event).__name__, event.it, loss.hex(), flush=True)

solver = Solver("solver.prototxt", listeners=[tell])
print("ready", flush=True)
solver.solve(*sys.argv[1:])
"""
ITERATIONS = 60
FIELDS = """
snapshot: 1 snapshot_after_train: false keep_last: 2
test_iter: 2 test_interval: 4 average_loss: 5 display: 1
"""


def lines(run: Told) -> set[str]:
    """Return what the script would print."""
    displayed = (e for e in run.events if isinstance(e, events.Displayed))
    tested = (e for e in run.events if isinstance(e, events.Tested))
    return {f"Displayed {e.it} {e.loss.hex()}" for e in displayed} | {
        f"Tested {e.it} {e.outputs[0].value.hex()}" for e in tested
    }


def told_until_killed(state: list[str], seconds: float) -> set[str]:
    """Run in a process of its own; return the losses that it told before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *state],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    told, _ = process.communicate()
    return set(told.decode().split("\n")[:-1])  # what follows the last line's end may be cut


def last_state(folder: Path) -> list[str]:
    """Return the newest snapshot, after a look at whether all of them are whole."""
    states = {read_solverstate(p).iter: p for p in folder.glob("run_iter_*.solverstate")}
    for path in states.values():
        assert path.with_suffix(".caffemodel").exists()
        assert json.loads(path.with_suffix(".resume").read_text())["format"] == resume.FORMAT
    return [states[max(states)].name] if states else []


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_a_run_goes_on_with_the_same_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    folder = tmp_path
    monkeypatch.chdir(folder)
    path = write(folder, FIELDS)
    path.write_text(path.read_text().replace("max_iter: 10", f"max_iter: {ITERATIONS}"))
    whole = Told()
    Solver(path, listeners=[whole]).solve()
    last = f"run_iter_{ITERATIONS}.caffemodel"
    weights_of_whole = (folder / last).read_bytes()
    for file in folder.glob("run_*"):
        file.unlink()
    chance, told, state = random.Random(1701), set[str](), list[str]()
    for _ in range(kills):
        told |= told_until_killed(state, chance.uniform(0, 4.0 / kills))
        state = last_state(folder)
    rest = Told()
    Solver(path, listeners=[rest]).solve(*state)

    assert told | lines(rest) == lines(whole)
    assert (folder / last).read_bytes() == weights_of_whole
    assert list(folder.glob(".*.tmp")) == []
