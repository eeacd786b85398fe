"""Work in several threads, results in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 8
"""Items a thread that are under way at most, which bounds the memory."""


def in_order(work: Callable[[T], R], items: Iterable[T], threads: int | None = None) -> Iterator[R]:
    """Yield what the work gives for each item; as decoding, it should release Python's lock.

    Args:
        work: Is called in any thread; what it raises is raised here, at its place.
        items: What to do, taken as it is needed.
        threads: How many; one a processor if not given.
    """
    number = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(number, "protonet-tools") as pool:
        rest = iter(items)
        under_way: deque[Future[R]] = deque(
            pool.submit(work, item) for item in islice(rest, AHEAD * number)
        )
        try:
            while under_way:
                result = under_way.popleft().result()
                under_way.extend(pool.submit(work, item) for item in islice(rest, 1))
                yield result
        finally:
            for future in under_way:
                future.cancel()
