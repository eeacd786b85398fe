"""What the tests show over time: when the rate is to drop, and when the training is to end.

Torch-free but for the values that it is given.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import SupportsFloat, TypeAlias

from protonet.spec.solver import (
    EarlyStoppingParameter,
    Mode,
    PlateauParameter,
    SolverParameter,
)

Results: TypeAlias = Sequence[Mapping[str, SupportsFloat]]
"""The means of the test nets' outputs, a mapping for each net."""
State: TypeAlias = tuple[float, int, int]


class Trend:
    """A value of the tests, its best so far, and for how many tests there was no better one.

    As ``torch.optim.lr_scheduler.ReduceLROnPlateau`` with an absolute threshold counts them: a
    value that is no number is no better one.

    Attributes:
        best: The best value; infinitely bad at first.
        bad: Tests since.
    """

    def __init__(self, p: PlateauParameter | EarlyStoppingParameter) -> None:
        self._p = p
        self._rest = 0
        self.best = math.inf if p.mode == Mode.MIN else -math.inf
        self.bad = 0

    def add(self, results: Results) -> bool:
        """Take in a test; tell whether ``patience`` is at its end, which begins anew then."""
        value = value_of(self._p.monitor, results)
        if self._is_better(value):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        if self._rest:
            self._rest, self.bad = self._rest - 1, 0
        if self.bad <= self._p.patience:
            return False
        self.bad = 0
        self._rest = self._p.cooldown if isinstance(self._p, PlateauParameter) else 0
        return True

    def _is_better(self, value: float) -> bool:
        by = value - self.best if self._p.mode == Mode.MAX else self.best - value
        return by > self._p.min_delta

    @property
    def state(self) -> State:
        """What ``restore`` needs."""
        return self.best, self.bad, self._rest

    def restore(self, state: State) -> None:
        """Go on from where another one stood."""
        self.best, self.bad, self._rest = state


@dataclass(frozen=True, slots=True)
class Watch:
    """What a solver has its tests watched for.

    Attributes:
        plateau: For the policy ``plateau``.
        early_stopping: For ``early_stopping``.
    """

    plateau: Trend | None
    early_stopping: Trend | None

    @classmethod
    def of(cls, s: SolverParameter) -> "Watch":
        """Begin to watch."""
        drops = s.plateau if s.lr_policy == "plateau" else None
        return cls(
            drops and Trend(drops),
            s.early_stopping and Trend(s.early_stopping),
        )

    def see(self, results: Results) -> tuple[bool, bool]:
        """Take in a test; tell whether the rate is to drop, and whether the training is to end."""
        reduces = self.plateau is not None and self.plateau.add(results)
        stops = self.early_stopping is not None and self.early_stopping.add(results)
        return reduces, stops

    @property
    def best(self) -> float:
        """The best value that ``early_stopping`` has seen."""
        return math.nan if self.early_stopping is None else self.early_stopping.best

    @property
    def state(self) -> dict[str, State]:
        """Where each trend stands, as JSON has it."""
        return {name: trend.state for name, trend in self._trends().items()}

    def restore(self, state: Mapping[str, Sequence[float]]) -> None:
        """Go on from where another watch stood; what it did not watch begins anew."""
        for name, trend in self._trends().items():
            if name in state:
                best, bad, rest = state[name]
                trend.restore((best, int(bad), int(rest)))

    def _trends(self) -> dict[str, Trend]:
        both = {"plateau": self.plateau, "early_stopping": self.early_stopping}
        return {name: trend for name, trend in both.items() if trend is not None}


def value_of(monitor: str, results: Results) -> float:
    """Return the value of an output in the first net that has it."""
    return float(next(found[monitor] for found in results if monitor in found))
