"""What came of a trial. Torch-free."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from protonet.spec.solver import Mode


class State(StrEnum):
    """How a trial ended.

    DIVERGED: with a loss or weights that are no numbers. PRUNED: it was no better than others had
    been by then. FAILED: its values make no net, as a kernel larger than its image.
    """

    DONE = "done"
    PRUNED = "pruned"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """A trial that is over.

    Attributes:
        number: From 0.
        values: What it set.
        state: How it ended.
        scores: The best value of each fold, one without folds; those that were reached.
        its: The iterations of these.
        iterations: How many were trained, of all folds together.
        seconds: How long it took.
        weights: The files with the best weights of each fold.
        told: Why it failed.
    """

    number: int
    values: Mapping[str, str]
    state: State
    scores: tuple[float, ...] = ()
    its: tuple[int, ...] = ()
    iterations: int = 0
    seconds: float = 0.0
    weights: tuple[str, ...] = ()
    told: str = ""

    @property
    def value(self) -> float:
        """The mean over the folds; no number unless the trial was done or pruned."""
        good = self.state in {State.DONE, State.PRUNED} and self.scores
        return sum(self.scores) / len(self.scores) if good else math.nan

    @property
    def spread(self) -> float:
        """The standard deviation over the folds, of a sample; 0 of one."""
        return spread(self.scores)


def spread(values: Iterable[float]) -> float:
    """Return the standard deviation of a sample; 0 of one value."""
    numbers = tuple(values)
    mean = sum(numbers) / len(numbers) if numbers else 0.0
    return math.sqrt(sum((n - mean) ** 2 for n in numbers) / max(1, len(numbers) - 1))


def ranked(results: Iterable[Result], mode: Mode) -> list[Result]:
    """Return results, best first: those that were done, pruned, diverged, failed."""
    order = list(State)
    sign = -1 if mode is Mode.MAX else 1

    def key(result: Result) -> tuple[int, float, int]:
        value = result.value
        return order.index(result.state), 0.0 if math.isnan(value) else sign * value, result.number

    return sorted(results, key=key)
