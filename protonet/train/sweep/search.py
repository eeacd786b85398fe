"""Which values a trial gets: all combinations, or drawn ones. Torch-free."""

from collections.abc import Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Protocol, TypeAlias

import numpy as np

from protonet.train.sweep.result import Result
from protonet.train.sweep.space import Axis

Values: TypeAlias = Mapping[str, str]
"""What a trial sets: the text of a value for each path."""


class Search(Protocol):
    """Proposes trials, and may learn from them."""

    @property
    def trials(self) -> int:
        """How many there are."""
        ...

    def propose(self, number: int) -> Values:
        """Return the values of a trial by its number, from 0; of one that was killed, the same."""
        ...

    def hopeless(self, step: int, value: float) -> bool:
        """Take in a value of the trial proposed last; tell whether to end it.

        Args:
            step: The iteration, or with folds how many are done.
            value: What was measured then.
        """
        ...

    def learn(self, result: Result) -> None:
        """Take in how the trial proposed last has ended."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class _Blind:
    """Proposes without a look at results."""

    def hopeless(self, step: int, value: float) -> bool:
        """Return False: every trial goes to its end."""
        return False

    def learn(self, result: Result) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Grid(_Blind):
    """All combinations, the last axis fastest.

    Args:
        axes: What varies, and what does not.
        trials: End after so many.

    Raises:
        DiagnosticError: PN694, an axis has no end of numbers.
    """

    def __init__(self, axes: Sequence[Axis], trials: int | None = None) -> None:
        self._axes = axes
        self._grids = [axis.grid() for axis in axes]
        every = prod(map(len, self._grids))
        self.trials = every if trials is None else min(trials, every)

    def propose(self, number: int) -> Values:
        """Return the ``number``-th combination."""
        values = next(islice(product(*self._grids), number, None))
        return {axis.path: value for axis, value in zip(self._axes, values, strict=True)}


class Random(_Blind):
    """Each value drawn by itself; a trial depends on its number and the seed alone.

    Args:
        axes: What varies, and what does not.
        trials: How many.
        seed: Of the draws.
    """

    def __init__(self, axes: Sequence[Axis], trials: int, seed: int) -> None:
        self._axes, self._seed, self.trials = axes, seed, trials

    def propose(self, number: int) -> Values:
        """Return what is drawn for a trial."""
        shares = np.random.default_rng([self._seed, number]).random(len(self._axes))
        return {axis.path: axis.at(s) for axis, s in zip(self._axes, shares, strict=True)}
