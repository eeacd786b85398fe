"""What samples become in a frozen prefix: one array a blob, a row a sample."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

DTYPES = {str(d): d for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
"""Types that a layer's top can have."""

Samples = NDArray[np.int64]


class Column(NamedTuple):
    """How the values of one blob are kept.

    Attributes:
        dtype: As torch prints it.
        shape: Of a sample, its axes in the order of memory.
        order: The axes of a batch in the order of memory, the batch first: a convolution's top has
            its channels last, and the layer that reads it is faster for that.
    """

    dtype: str
    shape: tuple[int, ...]
    order: tuple[int, ...]

    @classmethod
    def of(cls, batch: Tensor) -> "Column":
        """Return how a blob is kept whose batches look like this one."""
        order = cast("tuple[int, ...]", batch.dim_order())  # half typed
        order = order if order[0] == 0 else tuple(range(batch.dim()))
        return cls(str(batch.dtype), tuple(batch.shape[axis] for axis in order[1:]), order)

    @property
    def bytes(self) -> int:
        """What a sample takes."""
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize

    def empty(self, number: int) -> Tensor:
        """Return room for samples, of which the system gives only what is written to."""
        return torch.empty((number, *self.shape), dtype=DTYPES[self.dtype])

    def packed(self, batch: Tensor) -> Tensor:
        """Return a batch as its rows are kept."""
        return batch.permute(self.order)

    def unpacked(self, rows: Tensor) -> Tensor:
        """Return rows as the batch that they were, in the same order of memory."""
        return rows.permute(tuple(map(self.order.index, range(len(self.order)))))


class Rows(Protocol):
    """Samples that are computed once."""

    @property
    def filled(self) -> int:
        """How many samples there are."""
        ...

    def has(self, samples: Samples) -> bool:
        """Tell whether all of these are there."""
        ...

    def read(self, samples: Samples, device: torch.device) -> list[Tensor]:
        """Return a batch of them, a tensor a blob."""
        ...

    def write(self, samples: Samples, batch: Sequence[Tensor]) -> None:
        """Keep those of a batch that are not there yet."""
        ...


class Table:
    """Rows in arrays.

    Args:
        columns: How they are kept.
        arrays: Room for all samples, an array a column.
        valid: Which samples are there.
    """

    def __init__(
        self, columns: Sequence[Column], arrays: Sequence[Tensor], valid: NDArray[np.bool_]
    ) -> None:
        self.columns = tuple(columns)
        self.valid = valid
        self._arrays = tuple(arrays)

    @classmethod
    def in_memory(cls, columns: Sequence[Column], number: int) -> "Table":
        """Return an empty table."""
        arrays = [column.empty(number) for column in columns]
        return cls(columns, arrays, np.zeros(number, np.bool_))

    @property
    def filled(self) -> int:
        """How many samples there are."""
        return int(np.count_nonzero(self.valid))

    def has(self, samples: Samples) -> bool:
        """Tell whether all of these are there."""
        return bool(self.valid[samples].all())

    def read(self, samples: Samples, device: torch.device) -> list[Tensor]:
        """Return a batch of samples."""
        index = torch.from_numpy(samples)
        batch = [_gathered(array, index, device) for array in self._arrays]
        return [column.unpacked(rows) for column, rows in zip(self.columns, batch, strict=True)]

    def write(self, samples: Samples, batch: Sequence[Tensor]) -> None:
        """Keep those of a batch that are not there yet."""
        new = ~self.valid[samples]
        index = torch.from_numpy(samples[new])
        for column, array, values in zip(self.columns, self._arrays, batch, strict=True):
            rows = column.packed(values.detach().cpu())
            array[index] = rows if new.all() else rows[torch.from_numpy(new)]
        self.valid[samples] = True


def _gathered(array: Tensor, index: Tensor, device: torch.device) -> Tensor:
    if device.type == "cpu":
        return array.index_select(0, index)
    shape = (len(index), *array.shape[1:])  # gpu
    rows = torch.empty(shape, dtype=array.dtype, pin_memory=True)  # gpu
    torch.index_select(array, 0, index, out=rows)  # gpu
    return rows.to(device, non_blocking=True)  # gpu
