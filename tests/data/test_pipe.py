"""The threads of the feed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor

from protonet.data.pipe import Pipe
from protonet.data.streams.base import Finish, Pace
from tests.data.builders import random_images, write_images


class Counting:
    """A stream of its own positions that counts the batches it has made."""

    def __init__(self, ahead: int, workers: int = 2, bad: int = -1) -> None:
        self.pace = Pace(step=2, size=10, ahead=ahead, workers=workers)
        self.drawn: list[tuple[int, int]] = []
        self.bad = bad
        self._lock = threading.Lock()

    def draw(self, position: int, number: int) -> Finish:
        with self._lock:
            self.drawn.append((position, number))
        if position == self.bad:
            raise OSError("the disk is gone")
        return lambda: (torch.tensor(position),)


def positions(pipe: Pipe, number: int) -> list[int]:
    def first(tensors: tuple[Tensor, ...]) -> int:
        return int(tensors[0])

    return [first(pipe.next()) for _ in range(number)]


def settled(stream: Counting, number: int) -> list[tuple[int, int]]:
    """Wait until so many batches are made; return them after there was time to make more."""
    for _ in range(500):
        if len(stream.drawn) >= number:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    return sorted(stream.drawn)


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_batches_are_made_than_are_to_be_ahead(ahead: int) -> None:
    stream = Counting(ahead)
    pipe = Pipe(stream)

    assert positions(pipe, 3) == [0, 2, 4]

    assert len(settled(stream, 3 + ahead)) == 3 + ahead
    pipe.close()


def test_batches_come_in_order_whatever_the_number_of_threads() -> None:
    pipe = Pipe(Counting(ahead=8, workers=4))

    assert positions(pipe, 20) == list(range(0, 40, 2))
    pipe.close()


@pytest.mark.parametrize("ahead", [0, 4])
def test_a_seek_forgets_what_was_made_ahead(ahead: int) -> None:
    pipe = Pipe(Counting(ahead))
    positions(pipe, 2)

    pipe.seek(40)

    assert positions(pipe, 2) == [40, 42]
    pipe.close()


def test_nothing_is_made_beyond_an_end() -> None:
    stream = Counting(ahead=4)
    pipe = Pipe(stream)
    pipe.seek(0, end=5)

    assert positions(pipe, 3) == [0, 2, 4]
    assert settled(stream, 3) == [(0, 2), (2, 2), (4, 1)]
    pipe.close()


def test_an_error_in_a_thread_is_raised_where_the_batch_is_taken() -> None:
    pipe = Pipe(Counting(ahead=4, bad=4))

    assert positions(pipe, 2) == [0, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        pipe.next()
    pipe.seek(6)
    assert positions(pipe, 1) == [6]
    pipe.close()


SCRIPT = """
import signal, sys
from protonet import Net

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
net = Net(sys.argv[1], phase="TRAIN", seed=1)
net.feed.next()
print("ready", flush=True)
if sys.argv[2] == "raise":
    raise ValueError("of the program")
while True:
    net.feed.next()
"""


def started(folder: Path, how: str) -> subprocess.Popen[str]:
    source = write_images(folder, random_images(5, 3, 400, 600), range(5))
    (folder / "net.prototxt").write_text(
        'layer { name: "d" type: "ImageData" top: "data" top: "label"'
        f' image_data_param {{ source: "{source}" root_folder: "{folder}/" batch_size: 8 }} }}'
    )
    command = [sys.executable, "-c", SCRIPT, str(folder / "net.prototxt"), how]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.parametrize(("how", "told"), [("raise", "ValueError"), ("read", "KeyboardInterrupt")])
def test_a_program_that_ends_in_the_middle_of_reading_ends(
    how: str, told: str, tmp_path: Path
) -> None:
    with started(tmp_path, how) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        if how == "read":
            process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()

    assert process.returncode != 0
    assert errors.strip().splitlines()[-1].startswith(told)
