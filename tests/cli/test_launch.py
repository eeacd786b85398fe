"""``--gpus``, ``--processes`` and torchrun: a command in several processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
import torch

from protonet.cli import _launch
from protonet.train import distributed
from protonet.train.solver import Solver
from tests.cli.files import ENVIRONMENT, protonet
from tests.train import ranks

TRAIN = ("train", "--solver", "solver.prototxt")
ONE_EACH = {**ENVIRONMENT, "OMP_NUM_THREADS": "1"}


@contextmanager
def running(*args: str) -> Generator[subprocess.Popen[str]]:
    """Run a command of Python for at most a minute."""
    command = [sys.executable, "-m", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ONE_EACH) as run:
        giving_up = threading.Timer(60, run.kill)
        giving_up.start()
        yield run
        giving_up.cancel()


def finished(*args: str) -> tuple[int, str]:
    with running(*args) as run:
        _, said = run.communicate()
    return run.returncode, said


def wait_for(run: subprocess.Popen[str], text: str) -> None:
    assert run.stderr is not None
    while text not in (line := next(run.stderr)):
        assert line, "it has ended"


def test_rank_0_logs_and_writes_what_one_process_would() -> None:
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "protonet")
    status, said = finished(*torchrun, *TRAIN, "--seed", "3", "--export", "a.pth")
    assert (status, said.count("Iteration 1, lr = 0.1")) == (0, 1)
    assert Path("small_solver.prototxt").is_file()
    by_torchrun = Path("small_iter_2.caffemodel").read_bytes()

    status, said = finished("protonet", *TRAIN, "--seed", "3", "--processes", "2")

    assert (status, said.count("Iteration 1, lr = 0.1")) == (0, 1)
    assert Path("small_iter_2.caffemodel").read_bytes() == by_torchrun


def train(*args: str) -> tuple[int, str]:
    done = protonet(*TRAIN, *args)
    return done.exit_code, done.stderr


def test_rank_0_logs_and_the_others_are_silent() -> None:
    (_, said), (status, silence) = ranks.run(train, joins=False)

    assert ("Optimization Done." in said, status, silence) == (True, 0, "")


@pytest.mark.parametrize("here", [0, 1])
def test_an_error_of_all_is_told_by_rank_0(here: int) -> None:
    found = ranks.run(train, "--set", "display=-1", joins=False, here=here)

    assert [status for status, _ in found] == [1, 1]
    assert [said.partition(":")[0] for _, said in found] == ["error[PN607]", ""]


def lone_label_99() -> None:
    """Let rank 1 read a label that is no class."""
    with h5py.File("rows.h5", "w") as file:
        file["data"] = np.zeros((2, 1, 28, 28), np.float32)
        file["label"] = np.array([0, 99], np.float32)
    Path("list.txt").write_text("rows.h5")
    text = Path("net.prototxt").read_text()
    source = 'type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "list.txt" '
    start, end = text.index('type: "Data"'), text.index("batch_size")
    Path("net.prototxt").write_text(text[:start] + source + text[end:].replace("4", "1", 1))


@pytest.mark.parametrize(("here", "code"), [(0, "PN651"), (1, "PN302")])
def test_an_error_of_one_is_told_by_it(
    here: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "GRACE", 0)
    lone_label_99()

    status, said = ranks.run(train, "--set", "test_interval=10", joins=False, here=here)[here]

    assert (status, f"rank {here} of 2 has failed:\nerror[{code}]" in said) == (1, True)


def broken(*_: object) -> None:
    raise RuntimeError("a bug")


def test_a_bug_has_its_rank_and_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "GRACE", 0)
    monkeypatch.setattr(Solver, "solve", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        ranks.run(train, joins=False)


def test_an_error_of_one_ends_all() -> None:
    lone_label_99()

    status, said = finished("protonet", *TRAIN, "--processes", "2", "--set", "test_interval=10")

    assert (status, "PN651" in said) == (1, False)
    assert "rank 1 of 2 has failed:\nerror[PN302]: layer `loss`: label 99 is outside" in said


def test_ctrl_c_stops_all_with_one_snapshot() -> None:
    with running("protonet", *TRAIN, "--processes", "2", "--set", "max_iter=1000000") as run:
        wait_for(run, "Iteration 10 ")
        run.send_signal(signal.SIGINT)
        _, rest = run.communicate()

    assert (run.returncode, rest.count("Optimization stopped early.")) == (0, 1)
    assert len(list(Path().glob("*.solverstate"))) == 1


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_none_outlives_the_one_that_started_them(how: signal.Signals) -> None:
    with running("protonet", *TRAIN, "--processes", "2", "--set", "max_iter=1000000") as run:
        wait_for(run, "Iteration 1 ")
        started = children(run.pid)
        run.send_signal(how)
        run.wait()
        until = time.monotonic() + 20
        while any(map(is_alive, started)) and time.monotonic() < until:
            time.sleep(0.05)

    assert (len(started), [pid for pid in started if is_alive(pid)]) == (2, [])


def test_launching_waits_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["protonet", "--version"])
    assert _launch.launch(2) == 0

    monkeypatch.setattr(sys, "argv", ["protonet", "no such command"])
    assert _launch.launch(2) == 1


def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_launch, "PATIENCE", 0.1)
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()

        _launch.end([child])

    assert child.returncode == -signal.SIGKILL


@pytest.fixture
def _hangup_counts() -> Generator[None]:
    """Under nohup the signal is ignored, by children as well."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_hangup_counts")
def test_rank_0_gets_the_signals() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with _launch.forwarded(child):
        os.kill(os.getpid(), signal.SIGHUP)
        assert child.wait(20) == -signal.SIGHUP
        with pytest.raises(SystemExit, match="143"):
            os.kill(os.getpid(), signal.SIGTERM)


def test_each_process_sees_its_share_of_cores_and_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)

    found = _launch.environment(2, [0, 3])

    assert (found["WORLD_SIZE"], found["OMP_NUM_THREADS"]) == ("2", "4")
    assert found["CUDA_VISIBLE_DEVICES"] == "0,3"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    assert _launch.environment(2, [0, 2])["CUDA_VISIBLE_DEVICES"] == "4,6"
    assert _launch.environment(2, None)["CUDA_VISIBLE_DEVICES"] == "4,5,6"


def test_gpus_that_are_not_there_are_an_error() -> None:
    there = torch.cuda.device_count()

    done = protonet(*TRAIN, "--gpus", ",".join(map(str, range(there + 1))))

    assert (done.exit_code, done.stderr.splitlines()[0]) == (
        1,
        f"error[PN650]: {there + 1} CUDA devices are needed, and there are {there}",
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--gpus", "0,1", "--processes", "2"), "--gpus says where to run"),
        (("--gpus", "0,1", "--device", "cpu"), "--gpus says where to run"),
        (("--gpus", "one"), "neither `all` nor numbers"),
        (("--gpus", "1,1"), "names a GPU twice"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(args: tuple[str, ...], said: str) -> None:
    done = protonet(*TRAIN, *args)

    assert (done.exit_code, said in done.stderr) == (2, True)


def test_one_process_needs_no_others() -> None:
    assert protonet(*TRAIN, "--processes", "1").exit_code == 0


@pytest.mark.gpu
def test_a_gpu_can_be_chosen() -> None:
    assert protonet(*TRAIN, "--gpus", "0").exit_code == 0


@pytest.mark.gpu
def test_all_gpus_train_together() -> None:
    status, said = finished("protonet", *TRAIN, "--gpus", "all")

    assert (status, said.count("Optimization Done.")) == (0, 2)
