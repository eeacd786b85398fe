"""What the benchmarks share: interleaved rounds, processes of their own, memory, a figure's line.

Rounds are interleaved and a ratio is the median of the rounds' ratios, so that what else the
machine does meanwhile falls upon both sides.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from ctypes import CDLL
from pathlib import Path
from statistics import median
from time import perf_counter

Work = Callable[[], object]
Round = dict[str, float]
"""What each way took, by its name."""


def seconds(work: Work) -> float:
    """Return how long it takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def interleaved(ways: Mapping[str, Work], rounds: int) -> list[Round]:
    """Return the seconds of all ways, in turn in each round; one round before warms caches."""
    found = [{name: seconds(work) for name, work in ways.items()} for _ in range(1 + rounds)]
    return found[1:]


def ratio(rounds: list[Round], over: str, under: str) -> float:
    """Return the median of the rounds' ratios of two ways."""
    return median(times[over] / times[under] for times in rounds)


def own_process(script: str, *arguments: str) -> Round:
    """Return what ``script`` prints as JSON, run with these arguments in a process of its own."""
    command = [sys.executable, script, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def resident(key: str = "VmRSS") -> int:
    """Return the bytes of memory that this process has, or had at most (``VmHWM``)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(key))
    return 1024 * int(line.split()[1])


def measured(work: Work) -> Round:
    """Return seconds, and bytes by which the memory of this process grows at most."""
    CDLL(None).malloc_trim(0)  # what glibc holds though it is free would hide as much of the growth
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the highest mark
    before = resident()
    start = perf_counter()
    kept = work()
    found = {"seconds": perf_counter() - start, "bytes": float(resident("VmHWM") - before)}
    del kept
    return found


def figure(name: str, value: float, bar: float, *, at_least: bool = False) -> None:
    """Print one figure; its bar is the most that is ok, or the least."""
    ok = value >= bar if at_least else value <= bar
    print(f"{name}  {value:.2f}  {bar:.2f}  {'ok' if ok else 'short'}", flush=True)
