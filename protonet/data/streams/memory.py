"""Arrays that the caller gives: MemoryData."""

import torch

from protonet.data.sources.memory import MemoryArrays
from protonet.data.streams.base import Context, Finish, Pace
from protonet.layers.memory_data import MemoryData


class MemoryStream:
    """Arrays that the caller gives; see `MemoryArrays`."""

    def __init__(self, layer: MemoryData, name: str, context: Context) -> None:
        shape, _ = layer.shapes()
        self._device = context.device
        self._step = shape[0]
        self.arrays = MemoryArrays(name, shape)

    @property
    def pace(self) -> Pace:
        """How it runs, which depends on the arrays."""
        return Pace(step=self._step, size=self.arrays.size)

    def draw(self, position: int) -> Finish:
        """Take a batch from the arrays."""
        arrays = self.arrays.read(position, self._step)
        return lambda: tuple(torch.from_numpy(array).to(self._device) for array in arrays)
