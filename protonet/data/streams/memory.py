"""Arrays that the caller gives: MemoryData."""

from protonet.data.repeats import Repeats, UnrepeatableError
from protonet.data.sources.memory import MemoryArrays
from protonet.data.streams.base import Context, Finish, Pace, sent
from protonet.layers.memory_data import MemoryData


class MemoryStream:
    """Arrays that the caller gives; see `MemoryArrays`."""

    def __init__(self, layer: MemoryData, name: str, context: Context) -> None:
        shape, _ = layer.shapes()
        self._name = name
        self._device = context.device
        self._step = shape[0]
        seed = context.seed if layer.memory_data_param.shuffle else None
        self.arrays = MemoryArrays(name, shape, seed)

    @property
    def pace(self) -> Pace:
        """How it runs, which depends on the arrays."""
        return Pace(step=self._step, size=self.arrays.size)

    def repeats(self) -> Repeats:
        """Return the images that are given now.

        Raises:
            UnrepeatableError: There are none.
        """
        arrays = self.arrays
        if not arrays.size:
            raise UnrepeatableError("it has no arrays yet")
        return Repeats(arrays.size, arrays.order.indices, arrays.identity, arrays.order)

    def name(self, position: int, number: int, row: int) -> str:
        """Return what the image in a row of a batch is called."""
        index = int(self.arrays.order.indices(position, number)[row])
        return f"image {index} of the arrays of layer `{self._name}`"

    def draw(self, position: int, number: int) -> Finish:
        """Take a batch from the arrays."""
        return sent(self.arrays.read(position, number), self._device)
