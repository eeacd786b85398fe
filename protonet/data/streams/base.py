"""What a stream is: a data layer's batches by their position, how many records were read before."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from protonet.data.paths import Resolve
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
    layer: Layer
    phase: Phase


class Context(NamedTuple):
    """What a stream needs besides its layer."""

    seed: Seed
    find: Resolve
    device: torch.device
    shard: Shard = WHOLE


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

    def draw(self, position: int) -> Finish:
        """Read a batch, in any thread; what is returned puts it on the device, in the caller's.

        Raises:
            DiagnosticError: PN503 to PN511.
        """
        ...
