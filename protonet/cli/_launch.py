"""One process for each GPU of this machine, as torchrun would start them; without torch."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

INTERVAL = 0.05
"""Seconds between two looks at the processes."""
PATIENCE = 10.0
"""Seconds that processes have to end when they are asked to."""
PARENT = "PROTONET_PARENT"
"""An environment variable: set in processes that end with the one that started them."""


def is_started() -> bool:
    """Tell whether this process was started as one of several, by `launch` or torchrun."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def launch(processes: int, devices: Sequence[int] | None = None) -> int:
    """Run this command in several processes; return the exit status, 1 if any of them failed.

    Rank 0 gets the signals that this process gets. If one fails, all others are ended.

    Args:
        processes: How many.
        devices: The CUDA devices they use, one each.
    """
    with tempfile.TemporaryDirectory() as folder:
        common = environment(processes, devices) | {
            "PROTONET_RENDEZVOUS": (Path(folder) / "rendezvous").as_uri()
        }
        with _held() as held:
            children = [_start(rank, common, held) for rank in range(processes)]
            try:
                with forwarded(children[0]):
                    return _waited(children)
            finally:
                end(children)


def environment(processes: int, devices: Sequence[int] | None) -> dict[str, str]:
    """Return the environment of all processes: torchrun's variables but for the ranks."""
    common = dict(os.environ)
    common |= {"WORLD_SIZE": str(processes), "LOCAL_WORLD_SIZE": str(processes), PARENT: "1"}
    # Each would take all cores.
    common.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    if devices is not None:
        visible = [name for name in common.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
        names = [visible[at] if visible else str(at) for at in devices]
        common["CUDA_VISIBLE_DEVICES"] = ",".join(names)
    return common


@contextmanager
def _held() -> Generator[int]:
    """Give a file to read from that ends when this process does."""
    ours, held = os.pipe()
    try:
        yield ours
    finally:
        os.close(ours)
        os.close(held)


def _start(rank: int, common: dict[str, str], held: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 # this very command
        [sys.executable, "-m", "protonet", *sys.argv[1:]],
        env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        stdin=held,  # see `end_with_parent`
        process_group=0,  # a terminal's Ctrl-C reaches this process only
    )


def _waited(children: Sequence[subprocess.Popen[bytes]]) -> int:
    while True:
        states = [child.poll() for child in children]
        if any(states):
            return 1
        if None not in states:
            return 0
        time.sleep(INTERVAL)


@contextmanager
def forwarded(child: subprocess.Popen[bytes]) -> Generator[None]:
    """Give a process the signals that ask for a stop or a snapshot; SIGTERM ends this one."""

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    def stop(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    handlers = {signal.SIGINT: forward, signal.SIGHUP: forward, signal.SIGTERM: stop}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes, at first in a friendly way."""
    for child in children:
        child.terminate()
    until = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def end_with_parent() -> None:
    """Let this process end when the one that started it has gone, even by a `kill -9`."""
    if os.environ.pop(PARENT, None):
        threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)  # the main thread may be waiting for the others
