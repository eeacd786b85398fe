"""Samples of a data set that the program gives."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protonet.data.faults import Fault
from protonet.data.samples import GivenData
from protonet.data.sources.base import Image, Order
from protonet.data.streams.base import Context, Finish, Pace, sent
from protonet.data.streams.images import transformer
from protonet.data.transform import Transformer
from protonet.diagnostics import DiagnosticError
from protonet.message.common import Phase

Arrays = tuple[NDArray[Any], ...]


class GivenStream:
    """Samples in order, each top's stacked.

    They are read in the training thread, for a data set may draw from torch's own generator, and a
    run must be the same again; a ``prefetch`` that the layer says asks for a thread.
    """

    def __init__(self, data: GivenData, phase: Phase, context: Context) -> None:
        samples = data.samples
        self._data = data
        self._device, self._shard = context.device, context.shard
        self._order = Order(len(samples), context.seed if data.shuffle else None, context.part)
        self._transformer = (
            transformer(data.param, phase, samples.name, context) if data.param else None
        )
        step = data.batch * context.shard.size
        self.pace = Pace(step=step, size=self._order.size, ahead=data.ahead)

    def draw(self, position: int, number: int) -> Finish:
        """Read a batch."""
        indices = self._order.indices(position, number)[self._shard.own].tolist()
        rows = [self._data.samples.arrays(index) for index in indices]
        first = 1 if self._transformer else 0
        others = sent(self._stacked(rows, indices, first), self._device)
        if self._transformer is None:
            return others
        images = self._images(self._transformer, rows, indices, position)
        return lambda: (images()[0], *others())

    def name(self, position: int, number: int, row: int) -> str:
        """Return what the sample in a row of a batch is called."""
        indices = self._order.indices(position, number)[self._shard.own]
        index = int(indices[row // self._data.each])
        return f"sample {index} of the data for `{self._data.samples.name}`"

    def _stacked(
        self, rows: Sequence[Arrays], indices: Sequence[int], first: int
    ) -> list[NDArray[np.float32]]:
        """Return the batch of each top but those before ``first``."""
        found: list[NDArray[np.float32]] = []
        # With `oversample`, each image gives several rows.
        for top, (_, *shape) in enumerate(self._data.shapes[first:], first):
            batch = np.empty((len(rows), *shape), np.float32)
            for at, (row, index) in enumerate(zip(rows, indices, strict=True)):
                batch[at] = self._data.samples.fitted(row[top], top, tuple(shape), index)
            found.append(batch.repeat(self._data.each, axis=0) if self._data.each > 1 else batch)
        return found

    def _images(
        self, transformer: Transformer, rows: Sequence[Arrays], indices: Sequence[int], at: int
    ) -> Finish:
        """Return the transformed images of the batch at position ``at``."""
        done: list[int] = []

        def images() -> Iterator[Image]:
            for (pixels, *_), index in zip(rows, indices, strict=True):
                done.append(index)
                yield Image(self._data.samples.image(pixels, index), 0)

        try:
            batch = transformer.collect(images(), len(rows), at)
        except DiagnosticError as error:
            if error.diagnostics[0].code == Fault.SAMPLE:
                raise
            raise self._data.samples.bad(done[-1], error.diagnostics[0].message) from error
        if self._device.type == "cuda":
            batch = batch.pinned()  # gpu
        return lambda: transformer.finish(batch)
