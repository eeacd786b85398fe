import signal

import pytest

from protonet.train.signals import Action, handled


class Requests:
    """Takes requests as a solver does."""

    def __init__(self) -> None:
        self.actions: list[Action] = []

    def request(self, action: Action) -> None:
        self.actions.append(action)


def test_sigint_stops_and_sighup_snapshots() -> None:
    solver = Requests()
    with handled(solver):
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGINT)

    assert solver.actions == [Action.SNAPSHOT, Action.STOP]


def test_second_sigint_aborts() -> None:
    solver = Requests()
    with handled(solver):
        signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert solver.actions == [Action.STOP]


def test_effects_can_be_swapped_and_switched_off() -> None:
    solver = Requests()
    before = signal.getsignal(signal.SIGHUP)
    with handled(solver, sigint=Action.SNAPSHOT, sighup=Action.NONE):
        signal.raise_signal(signal.SIGINT)

        assert signal.getsignal(signal.SIGHUP) is before
    assert solver.actions == [Action.SNAPSHOT]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP)
    with handled(Requests()):
        pass

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP)) == before
