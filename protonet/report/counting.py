"""How far a long job over many things is: a bar on a terminal, lines where output is piped."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

SECONDS = 10.0
"""Between two lines."""


@contextmanager
def counting(total: int, things: str) -> Generator[Callable[[int], None]]:
    """Give a function that is told how many more are done; it writes to standard error.

    Args:
        total: How many there are.
        things: What they are, as "images".
    """
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 # rich takes its time
        from rich.progress import Progress  # noqa: PLC0415 # as above

        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(things, total=total)
            yield lambda more: bar.advance(task, more)
        return
    done, told = 0, time.monotonic()

    def tell(more: int) -> None:
        nonlocal done, told
        done += more
        if time.monotonic() - told >= SECONDS:
            told = time.monotonic()
            click.echo(f"{done:,} of {total:,} {things}", err=True)

    yield tell
