"""What SIGINT and SIGHUP do to a running solver."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Protocol


class Action(IntEnum):
    """What a running solver can be asked for; it looks between iterations and test batches.

    Of several processes, the highest that any was asked for is done by all.
    """

    NONE = 0
    SNAPSHOT = 1
    STOP = 2


class Requests:
    """What a solver was asked for and has not done yet."""

    def __init__(self) -> None:
        self._actions: set[Action] = set()

    def add(self, action: Action) -> None:
        """Ask for something; a signal handler may."""
        self._actions.add(action)

    def take(self) -> Action:
        """Return the most urgent one, which is done then."""
        for action in (Action.STOP, Action.SNAPSHOT):
            if action in self._actions:
                self._actions.remove(action)
                return action
        return Action.NONE


class Stoppable(Protocol):
    """A solver, as far as signals go."""

    def request(self, action: Action) -> None:
        """Ask for something to be done soon."""
        ...


@contextmanager
def handled(
    solver: Stoppable, *, sigint: Action = Action.STOP, sighup: Action = Action.SNAPSHOT
) -> Generator[None]:
    """Turn signals into requests within a ``with`` block, in the main thread.

    A second SIGINT raises ``KeyboardInterrupt``: who presses Ctrl-C twice does not want to wait.
    With ``Action.NONE`` a signal keeps the effect it had.
    """
    wanted = {signal.SIGINT: sigint, signal.SIGHUP: sighup}

    def handle(number: int, _frame: FrameType | None) -> None:
        solver.request(wanted[signal.Signals(number)])
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)

    before = {
        number: signal.signal(number, handle)
        for number, action in wanted.items()
        if action is not Action.NONE
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
