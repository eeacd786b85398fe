"""What a stream is: a data layer's batches by their position, how many records were read before."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.part import ALL, Part
from protonet.data.paths import Resolve
from protonet.data.samples import GivenData
from protonet.data.seeds import Seed
from protonet.data.shard import WHOLE, Shard
from protonet.layers.base import Layer
from protonet.message.common import Phase

AHEAD = 4
"""Batches made ahead, as Caffe's `data_param.prefetch`."""

WORKERS = 2
"""Threads that decode images; they do so side by side, for OpenCV releases Python's lock."""

Finish = Callable[[], tuple[Tensor, ...]]


class DataLayer(NamedTuple):
    """A data layer in its net.

    Attributes:
        name: The layer's; unique in the net.
        tops: The blobs it makes.
        layer: What it reads.
        phase: How it behaves.
    """

    name: str
    tops: tuple[str, ...]
    layer: Layer | GivenData
    phase: Phase


class Context(NamedTuple):
    """What a stream needs besides its layer.

    Attributes:
        seed: Of its random numbers.
        find: Where files are.
        device: Where batches go.
        shard: What of them this process reads.
        variants: How many augmentations an image has; any, where it is 0.
        part: Which records are read.
    """

    seed: Seed
    find: Resolve
    device: torch.device
    shard: Shard = WHOLE
    variants: int = 0
    part: Part = ALL


class Pace(NamedTuple):
    """How a stream runs.

    Attributes:
        step: Positions that a batch takes, of all processes together.
        size: Positions of an epoch; 0 if there are none.
        start: The first position.
        ahead: Batches to make before they are asked for; 0 where that gains nothing.
        workers: Threads that make them.
    """

    step: int
    size: int
    start: int = 0
    ahead: int = 0
    workers: int = 1


class Stream(Protocol):
    """Batches that depend on nothing but their position."""

    @property
    def pace(self) -> Pace:
        """How it runs."""
        ...

    def draw(self, position: int, number: int) -> Finish:
        """Read a batch, in any thread; what is returned puts it on the device, in the caller's.

        Args:
            position: Of its first record.
            number: How many records it has, of all processes together: the pace's ``step``, or
                fewer at the end of an epoch. A stream without epochs makes all batches alike.

        Raises:
            DiagnosticError: PN503 to PN511.
        """
        ...


@runtime_checkable
class Naming(Protocol):
    """A stream whose records have names."""

    def name(self, position: int, number: int, row: int) -> str:
        """Return what a record of this process is called, as a message says it.

        Args:
            position: Of its batch.
            number: How many records that has, of all processes together.
            row: Which row of the batch the record made.
        """
        ...


def sent(arrays: Sequence[NDArray[Any]], device: torch.device) -> Finish:
    """Return what puts arrays on a device, to where CUDA copies them while the thread goes on."""
    tensors = [torch.from_numpy(array) for array in arrays]
    if device.type == "cuda":
        tensors = [tensor.pin_memory() for tensor in tensors]  # gpu
    return lambda: tuple(tensor.to(device, non_blocking=True) for tensor in tensors)
