"""Arrays that the caller gives: MemoryData."""

from typing import TYPE_CHECKING

from protonet.data._lazy import np
from protonet.data.faults import Fault, fault
from protonet.data.identity import of_arrays
from protonet.data.seeds import Seed
from protonet.data.sources.base import Order
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MemoryArrays:
    """The arrays of a MemoryData layer, read round and round.

    Args:
        layer: The name of the layer.
        batch: The shape of a batch of images.
        seed: Shuffle them, anew in each epoch; in their own order if None.

    Attributes:
        order: Which is at a position; another object for other arrays.
    """

    def __init__(self, layer: str, batch: Shape, seed: Seed | None = None) -> None:
        self._layer = layer
        self._batch = batch
        self._seed = seed
        self.order = Order(1)
        self._data: NDArray[np.float32] | None = None
        self._labels: NDArray[np.float32] | None = None

    def set(self, data: "NDArray[np.float32]", labels: "NDArray[np.float32]") -> None:
        """Read these from now on (pycaffe's ``set_input_arrays``).

        Args:
            data: ``(N, C, H, W)``, not transformed; ``N`` is a multiple of the batch size.
            labels: ``N`` values, of any shape.

        Raises:
            DiagnosticError: PN511, they do not fit the layer.
        """
        number = self._batch[0]
        if data.shape[1:] != self._batch[1:] or not len(data) or len(data) % number:
            shape = (f"a multiple of {number}", *self._batch[1:])
            raise self._bad(f"takes data of shape ({', '.join(map(str, shape))}), not {data.shape}")
        if labels.size != len(data):
            raise self._bad(f"has {len(data)} images but {labels.size} labels")
        self._data = np.ascontiguousarray(data, np.float32)
        self._labels = np.ascontiguousarray(labels, np.float32).reshape(-1)
        self.order = Order(len(data), self._seed)

    def take_over(self, other: "MemoryArrays") -> None:
        """Read what another one reads."""
        data, labels = other.given
        if data is not None and labels is not None:
            self.set(data, labels)

    @property
    def given(self) -> "tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]":
        """The images and the labels, if they were given."""
        return self._data, self._labels

    @property
    def size(self) -> int:
        """How many images there are; 0 before they are given."""
        return 0 if self._data is None else len(self._data)

    def identity(self) -> object:
        """Return a hash of all images and labels."""
        return of_arrays(*(array for array in (self._data, self._labels) if array is not None))

    def read(
        self, position: int, number: int
    ) -> tuple["NDArray[np.float32]", "NDArray[np.float32]"]:
        """Return the images and labels at ``number`` positions from ``position`` on.

        Raises:
            DiagnosticError: PN511, nobody has given any.
        """
        if self._data is None or self._labels is None:
            raise self._bad(
                "has no data", "give its tops to the net, or arrays by `set_input_arrays`"
            )
        places = self.order.indices(position, number)
        return self._data[places], self._labels[places]

    def _bad(self, what: str, help: str = "") -> Exception:  # noqa: A002 # a diagnostic's own word
        return fault(Fault.ARRAYS, f"MemoryData layer `{self._layer}` {what}", help=help)
