"""What of the data a process reads, of those that train together."""

from typing import NamedTuple


class Shard(NamedTuple):
    """Every ``size``-th record from number ``rank`` on.

    A position counts the records of all processes. They are thus at the same position, together
    read what one process with the joined batch would, and may be more or fewer when they go on.

    Attributes:
        rank: Which process.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def own(self) -> slice:
        """The records of a joint batch that are this process's."""
        return slice(self.rank, None, self.size)


WHOLE = Shard()
