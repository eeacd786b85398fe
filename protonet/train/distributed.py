"""Several processes that train one net together, on one machine or many.

They are started by `protonet train --gpus`, or by torchrun, whose environment variables are read.
"""

import os
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor

from protonet.data.shard import Shard
from protonet.diagnostics import Diagnostic, DiagnosticError, Severity

T = TypeVar("T")

RENDEZVOUS = "PROTONET_RENDEZVOUS"
"""An environment variable: where the processes meet, if not at torchrun's MASTER_ADDR."""

TIMEOUT = timedelta(days=1)
"""How long a process waits for the others: rank 0 may test, or write a snapshot, for very long. One
that has ended is noticed at once."""

GRACE = 5.0
"""Seconds in which the starter ends a process that has lost the others, before it says so."""


class JointError(DiagnosticError):
    """A problem that all processes were told of."""


@dataclass(frozen=True, slots=True)
class World:
    """The processes that train together, and this one's place among them.

    All of them must call a method that exchanges something; one that is alone exchanges nothing.

    Attributes:
        rank: Its number; 0 tests, logs and writes snapshots.
        size: How many there are.
        local_rank: Its number on this machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def shard(self) -> Shard:
        """What this process reads of the train net's data."""
        return Shard(self.rank, self.size)

    def device(self, device: torch.device) -> torch.device:
        """Return this process's device: of CUDA devices each has its own.

        Raises:
            DiagnosticError: PN650, there is none left for it.
        """
        if self.size == 1 or device.type != "cuda":
            return device
        check_devices(self.local_rank + 1)
        torch.cuda.set_device(self.local_rank)  # gpu
        return torch.device("cuda", self.local_rank)  # gpu

    def agreed(self, value: T) -> T:
        """Return what rank 0 gave."""
        if self.size == 1:
            return value
        found: list[Any] = [value]
        with connected():
            dist.broadcast_object_list(found)
        agreed: T = found[0]
        return agreed

    def gathered(self, value: T) -> list[T]:
        """Return what each gave, in order."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        with connected():
            dist.all_gather_object(found, value)
        return found

    def highest(self, value: int) -> int:
        """Return the highest number that any gave."""
        if self.size == 1:
            return value
        found = torch.tensor(value)
        with connected():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return int(found)

    def sum_begun(self, values: Tensor) -> Callable[[], None]:
        """Begin to replace values by their sums over all; return what waits until it is done."""
        with connected():
            work = cast("dist.Work", dist.all_reduce(values, async_op=True))

        def wait() -> None:
            with connected():
                work.wait()

        return wait

    @torch.no_grad()
    def share(self, tensors: Iterable[Tensor]) -> None:
        """Give all the values that rank 0's tensors have."""
        if self.size == 1:
            return
        for tensor in tensors:
            values = tensor.contiguous()
            with connected():
                dist.broadcast(values, 0)
            tensor.copy_(values)

    def check_same(self, what: str, value: object) -> None:
        """Refuse to go on if not all gave the same.

        Raises:
            JointError: PN652, some ranks gave another value than rank 0.
        """
        check_equal(what, self.gathered(value))

    @contextmanager
    def together(self) -> Generator[None]:
        """Fail on all if the block fails on one, so that none waits for it.

        Raises:
            JointError: What was found; each problem once, however many processes have it.
        """
        problems: tuple[Diagnostic, ...] = ()
        try:
            yield
        except DiagnosticError as error:
            if self.size == 1:
                raise
            problems = error.diagnostics
        ranks = self.gathered(problems)
        found = {
            problem.render(): problem if ranks.count(own) == self.size else _of(rank, problem)
            for rank, own in enumerate(ranks)
            for problem in own
        }
        if found:
            raise JointError(found.values())


def _of(rank: int, problem: Diagnostic) -> Diagnostic:
    return replace(problem, message=f"rank {rank}: {problem.message}")


ALONE = World()


def current() -> World:
    """Return the processes that this one has joined; it is alone if it has not."""
    if not dist.is_available() or not dist.is_initialized():
        return ALONE
    rank = dist.get_rank()
    return World(rank, dist.get_world_size(), int(os.environ.get("LOCAL_RANK", rank)))


def _backends() -> str:
    """Return what exchanges tensors; NCCL refuses to start on a machine without a GPU."""
    has_nccl = dist.is_nccl_available() and torch.cuda.is_available()
    return "cpu:gloo,cuda:nccl" if has_nccl else "gloo"


@contextmanager
def joined() -> Generator[World]:
    """Join the processes that were started with this one, if it was not started alone."""
    size = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1
    if size == 1:
        yield ALONE
        return
    with connected():
        dist.init_process_group(
            _backends(),
            init_method=os.environ.get(RENDEZVOUS, "env://"),
            rank=int(os.environ["RANK"]),
            world_size=size,
            timeout=TIMEOUT,
        )
    failed = True
    try:
        yield current()
        failed = False
    finally:
        # NCCL could wait for the others, who wait for this process to end.
        if not (failed and torch.cuda.is_initialized()):
            dist.destroy_process_group()


def device_count() -> int:
    """Return how many CUDA devices there are."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def check_devices(needed: int) -> None:
    """Refuse to use more CUDA devices than there are.

    Raises:
        DiagnosticError: PN650.
    """
    there = device_count()
    if there < needed:
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN650",
                    f"{needed} CUDA devices are needed, and there are {there}",
                    help="`--processes N --device cpu` trains in several processes on the CPU",
                )
            ]
        )


def check_equal(what: str, values: Sequence[object]) -> None:
    """Refuse to go on with a value of each rank that is not the same in all.

    Raises:
        JointError: PN652.
    """
    differ = [str(rank) for rank, value in enumerate(values) if value != values[0]]
    if differ:
        raise JointError(
            [
                Diagnostic(
                    "PN652",
                    f"rank {', '.join(differ)} of {len(values)} has {what} from rank 0",
                    help="all processes must run the same command on the same files",
                )
            ]
        )


def check_processes(saved: int, world: World) -> list[Diagnostic]:
    """Return a warning (PN653) if a snapshot is of another number of processes."""
    if saved == world.size:
        return []
    before, now = _processes(saved), _processes(world.size)
    return [
        Diagnostic(
            "PN653",
            f"the snapshot was written by {before}, this run has {now}",
            help="the effective batch has changed; data continue where they were",
            severity=Severity.WARNING,
        )
    ]


def _processes(number: int) -> str:
    return "1 process" if number == 1 else f"{number} processes"


@contextmanager
def connected() -> Generator[None]:
    """Say what it means that an exchange fails: another process has ended.

    Raises:
        DiagnosticError: PN651.
    """
    try:
        yield
    except RuntimeError as error:
        # Whoever started the processes now ends them all; only the first message says why.
        if dist.is_initialized():
            time.sleep(GRACE)
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN651",
                    "the connection to the other processes is lost",
                    help="one of them has ended; its own message says why",
                )
            ]
        ) from error
