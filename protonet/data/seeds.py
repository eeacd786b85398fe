"""Random numbers that depend on a seed and a place only.

A batch draws from a generator of its own, so that batches can be made in any thread and in any
order, and a run that goes on from a snapshot sees what it would have seen: the place is all there
is to save.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np

if TYPE_CHECKING:
    from numpy.random import Generator


class Purpose(IntEnum):
    """What numbers are drawn for: each has its own streams."""

    SHUFFLE = 0
    ROWS = 1
    SKIP = 2
    TRANSFORM = 3
    FILL = 4
    WINDOWS = 5
    AUGMENT = 6
    BOXES = 7


class Seed(NamedTuple):
    """The seed of one data layer."""

    key: int

    @classmethod
    def of(cls, seed: int, layer: int) -> "Seed":
        """Return the seed of the layer number ``layer`` of a net."""
        words = np.random.SeedSequence(seed, spawn_key=(layer,)).generate_state(2, np.uint64)
        return cls(int(words[0]) << 64 | int(words[1]))

    def at(self, purpose: Purpose, place: int, part: int = 0) -> "Generator":
        """Return the generator of a place: a position, or an epoch and a part of it."""
        # Philox counts up its lowest word only (2^64 numbers), the others may say where we are.
        return np.random.Generator(
            np.random.Philox(key=self.key, counter=[0, part, purpose, place])
        )
