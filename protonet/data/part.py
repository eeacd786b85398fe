"""Which records of a source are used: all, a few, or one side of a split."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protonet.data._lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the records of every source of a net that has epochs.

    Attributes:
        number: Only so many, spread evenly over the source; 0 is no bound.
        folds: The source is split into so many parts of one size, at random; 0 is no split.
        fold: Which of them is meant.
        held_out: The records of that fold; otherwise all others.
        seed: Of the split: it is the same wherever the source and the seed are.
    """

    number: int = 0
    folds: int = 0
    fold: int = 0
    held_out: bool = False
    seed: int = 1

    def records(self, size: int) -> "NDArray[np.int64] | None":
        """Return the records that are used, in their order; None stands for all.

        Args:
            size: How many there are.
        """
        if self.folds:
            order = np.random.default_rng(self.seed).permutation(size)
            mine = np.arange(size) % self.folds == self.fold
            return np.sort(order[mine == self.held_out])
        if 0 < self.number < size:
            return np.arange(self.number) * size // self.number
        return None


ALL = Part()
"""All records."""
