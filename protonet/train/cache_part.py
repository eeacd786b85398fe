"""The samples of one data layer, and what is kept of them."""

from collections.abc import Callable, Sequence

from torch import Tensor

from protonet.data.pipe import Pipe
from protonet.data.repeats import Repeating, Repeats, UnrepeatableError
from protonet.graph.frozen import Section
from protonet.train.cache_rows import Column, Rows, Samples


class Part:
    """The samples of one data layer.

    Args:
        pipe: Its batches.
        section: What it gives to the rest of the net.
    """

    def __init__(self, pipe: Pipe, section: Section) -> None:
        self.pipe = pipe
        self.section = section
        self.repeats = self.found()
        self.rows: Rows | None = None
        self.make: Callable[[Sequence[Column]], Rows] | None = None

    def found(self) -> Repeats:
        """Look at its samples.

        Raises:
            UnrepeatableError: They differ each time.
        """
        stream, layer = self.pipe.stream, self.section.source
        try:
            if isinstance(stream, Repeating):
                return stream.repeats()
        except UnrepeatableError as error:
            raise UnrepeatableError(f"layer `{layer.name}`: {error}") from error
        raise UnrepeatableError(f"layer `{layer.name}`: its samples may differ each time")

    def next(self, batches: int) -> list[Samples]:
        """Return the samples of the next batches."""
        return [self.repeats.at(*self.pipe.place(later)) for later in range(batches)]

    def has(self, samples: Samples) -> bool:
        """Tell whether the features of samples are there."""
        return self.rows is not None and self.rows.has(samples)

    def write(self, samples: Samples, batch: Sequence[Tensor]) -> bool:
        """Keep the features of a batch; tell whether now all are there for the first time."""
        if self.rows is None:
            assert self.make is not None
            self.rows = self.make([Column.of(values) for values in batch])
        was_full = self.rows.filled == self.repeats.number
        self.rows.write(samples, batch)
        return not was_full and self.rows.filled == self.repeats.number
