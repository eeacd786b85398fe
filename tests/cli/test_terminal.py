"""What a person at a terminal sees of a training."""

import io
import os
import pty
import subprocess
import sys

import pytest

from protonet.cli import _run
from protonet.report.log import CaffeLog
from protonet.report.progress import ProgressBar
from protonet.train.events import Solved
from tests.cli.files import ENVIRONMENT


class Terminal(io.StringIO):
    """A stream that is one."""

    def isatty(self) -> bool:
        return True


def streams(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)


def test_two_terminals_give_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    streams(monkeypatch, Terminal(), Terminal())

    with _run.listening(plain=False) as listener:
        assert isinstance(listener, ProgressBar)


def test_plain_gives_log_lines_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    streams(monkeypatch, Terminal(), err)

    with _run.listening(plain=True) as listener:
        assert isinstance(listener, CaffeLog)
        listener(Solved(1, early=False))

    assert "Optimization Done." in err.getvalue()


@pytest.mark.parametrize(
    ("out", "err", "logged"),
    [(Terminal, io.StringIO, "err"), (io.StringIO, Terminal, "out"), (io.StringIO,) * 2 + ("err",)],
    ids=["stderr is piped", "stdout is piped", "both are"],
)
def test_what_is_piped_gets_log_lines(
    monkeypatch: pytest.MonkeyPatch, out: type[io.StringIO], err: type[io.StringIO], logged: str
) -> None:
    pipes = {"out": out(), "err": err()}
    streams(monkeypatch, pipes["out"], pipes["err"])

    with _run.listening(plain=False) as listener:
        listener(Solved(1, early=False))

    assert {name for name, pipe in pipes.items() if pipe.getvalue()} == {logged}


def test_a_terminal_shows_progress_and_tests() -> None:
    here, there = pty.openpty()
    command = [sys.executable, "-m", "protonet", "train", "--solver", "solver.prototxt"]
    environment = {**ENVIRONMENT, "TERM": "xterm"}
    with subprocess.Popen(command, stderr=there, stdout=there, env=environment) as run:
        os.close(there)
        shown = read_all(here)

    assert run.returncode == 0, shown
    assert "2/2" in shown
    assert "accuracy" in shown
    assert "solver.cpp" not in shown


def read_all(terminal: int) -> str:
    """Read until the other end is closed, which Linux tells by an error."""
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(terminal)
    return shown.decode()
