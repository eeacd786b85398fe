"""Functions that run in several processes at once, joined by gloo; one of them is this process.

The others stay from one call to the next: to import torch takes them seconds.
"""

import os
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
import torch

from protonet.train.distributed import RENDEZVOUS, joined


class Job(NamedTuple):
    """What a process is to do."""

    environment: dict[str, str]
    folder: str
    joins: bool
    function: Callable[..., Any]
    args: tuple[object, ...]

    def done(self) -> Any:
        """Return what the function gives."""
        if not self.joins:
            return self.function(*self.args)
        with joined():
            return self.function(*self.args)


def run(
    function: Callable[..., Any], *args: object, size: int = 2, here: int = 0, joins: bool = True
) -> list[Any]:
    """Return what a function gives in each process; an exception of another is raised here.

    Args:
        function: Of a module that the others can import.
        args: Its arguments.
        size: How many processes.
        here: The rank of this one.
        joins: Join them first; else the function does.
    """
    others = {rank: _worker(rank) for rank in range(size) if rank != here}
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as machine:
        common = {"WORLD_SIZE": str(size), RENDEZVOUS: (Path(folder) / "store").as_uri()}
        jobs = [
            Job(common | _rank(rank), str(Path.cwd()), joins, function, args)
            for rank in range(size)
        ]
        for rank, worker in others.items():
            worker.send(jobs[rank])
        for name, value in jobs[here].environment.items():
            machine.setenv(name, value)
        found: dict[int, Any] = {}
        try:
            found[here] = jobs[here].done()
        finally:
            found |= {rank: worker.recv() for rank, worker in others.items()}
    for answer in found.values():
        if isinstance(answer, Exception):
            raise answer
    return [found[rank] for rank in range(size)]


def _rank(rank: int) -> dict[str, str]:
    return {"RANK": str(rank), "LOCAL_RANK": str(rank)}


@cache
def _worker(rank: int) -> Connection:
    context = get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=_work, args=(there,), daemon=True).start()
    return here  # pyright: ignore[reportReturnType] # it is Connection but on Windows


def _work(jobs: Connection) -> None:
    torch.set_num_threads(1)
    while True:
        job: Job = jobs.recv()
        os.environ |= job.environment
        os.chdir(job.folder)
        try:
            answer = job.done()
        except Exception as error:  # noqa: BLE001 # the test is told
            answer = error
        jobs.send(answer)
