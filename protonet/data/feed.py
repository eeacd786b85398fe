"""The feed of a net: it reads the data layers, batch by batch."""

import secrets
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self, TypedDict
from weakref import finalize

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.faults import Fault, fault
from protonet.data.paths import resolve
from protonet.data.seeds import Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.streams.base import Context, DataLayer, Finish, Stream
from protonet.data.streams.memory import MemoryStream
from protonet.data.streams.opening import open_stream
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.message.common import Phase


class FeedState(TypedDict):
    """Where a feed is: of plain values, so that any file can hold it."""

    seed: int
    positions: dict[str, int]


class Pipe:
    """The batches of one stream in order, made ahead in threads where the stream asks for it.

    Attributes:
        position: How many records the batches had that were taken, by all processes.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.position = stream.pace.start
        self._ahead: deque[Future[Finish]] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def next(self) -> tuple[Tensor, ...]:
        """Return the next batch.

        Raises:
            DiagnosticError: It cannot be read; the position stays.
        """
        if self.stream.pace.ahead:
            self._order()
            finish = self._ahead[0].result()
            self._ahead.popleft()
        else:
            finish = self.stream.draw(self.position)
        self.position += self.stream.pace.step
        if self.stream.pace.ahead:
            self._order()
        return finish()

    def seek(self, position: int) -> None:
        """Go on from another position."""
        while self._ahead:
            self._ahead.pop().cancel()
        self.position = position

    def close(self) -> None:
        """Stop the threads; what they do now, they finish."""
        self.seek(self.position)
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None

    def _order(self) -> None:
        pace = self.stream.pace
        if self._threads is None:
            self._threads = ThreadPoolExecutor(pace.workers, "protonet-data")
            finalize(self, self._threads.shutdown, wait=False, cancel_futures=True)
        while len(self._ahead) < pace.ahead:
            position = self.position + len(self._ahead) * pace.step
            self._ahead.append(self._threads.submit(self.stream.draw, position))


class Feed:
    """All data layers of one net.

    Args:
        layers: The data layers.
        base: The folder of the prototxt, where files are that the working directory lacks.
        seed: Of all random numbers; any if None.
        device: Where the batches go.
        shard: What this process reads in TRAIN, of several that train together; in TEST, all.

    Attributes:
        tops: The blobs it gives.
        seed: The seed in use.

    Raises:
        DiagnosticError: PN501 to PN512, all that is wrong with the sources.
    """

    def __init__(
        self,
        layers: Iterable[DataLayer],
        *,
        base: Path | None = None,
        seed: int | None = None,
        device: torch.device | str = "cpu",
        shard: Shard = WHOLE,
    ) -> None:
        self._layers = tuple(layers)
        self._find = partial(resolve, base=base)
        self._device = torch.device(device)
        self._shard = shard
        self.tops = tuple(top for data in self._layers for top in data.tops)
        self.seed = secrets.randbits(63) if seed is None else seed
        self._pipes = self._open()

    def next(self) -> dict[str, Tensor]:
        """Return the next batch of every data layer, by blob."""
        return self.pull(self.tops)

    def pull(self, blobs: Collection[str]) -> dict[str, Tensor]:
        """Return these blobs of the next batch; only the layers that make them go on.

        Raises:
            DiagnosticError: PN503 to PN511, a batch cannot be read.
        """
        batch: dict[str, Tensor] = {}
        for data in self._layers:
            if not set(blobs).isdisjoint(data.tops):
                tensors = self._pipes[data.name].next()
                batch |= zip(data.tops, tensors, strict=True)
        return {blob: batch[blob] for blob in blobs}

    @property
    def epochs(self) -> dict[str, int]:
        """How often each layer has come to the end of its data; always 0 if there is no end."""
        return {
            name: pipe.position // pipe.stream.pace.size if pipe.stream.pace.size else 0
            for name, pipe in self._pipes.items()
        }

    def set_input_arrays(
        self, layer: str, data: NDArray[np.float32], labels: NDArray[np.float32]
    ) -> None:
        """Let a MemoryData layer read these arrays, from their start; see `MemoryArrays.set`.

        Raises:
            DiagnosticError: PN511, they do not fit, or it is no such layer.
        """
        pipe = self._pipes.get(layer)
        if pipe is None or not isinstance(pipe.stream, MemoryStream):
            raise fault(Fault.ARRAYS, f"there is no MemoryData layer `{layer}`")
        pipe.stream.arrays.set(data, labels)
        pipe.seek(0)

    def state(self) -> FeedState:
        """Return where it is."""
        return {
            "seed": self.seed,
            "positions": {name: pipe.position for name, pipe in self._pipes.items()},
        }

    def restore(self, state: FeedState) -> None:
        """Go on from a place that `state` gave: the same batches follow.

        Raises:
            DiagnosticError: PN513, it is of other data layers.
        """
        positions = state["positions"]
        if positions.keys() != self._pipes.keys():
            stored = ", ".join(f"`{name}`" for name in positions) or "none"
            here = ", ".join(f"`{name}`" for name in self._pipes) or "none"
            raise fault(
                Fault.STATE, f"the state is of the data layers {stored}; the net has {here}"
            )
        if state["seed"] != self.seed:
            self.close()
            self.seed = state["seed"]
            self._pipes = self._open()
        for name, pipe in self._pipes.items():
            pipe.seek(positions[name])

    def close(self) -> None:
        """Stop all threads; the feed may be used again."""
        for pipe in self._pipes.values():
            pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> Mapping[str, Pipe]:
        pipes: dict[str, Pipe] = {}
        problems: list[Diagnostic] = []
        for index, data in enumerate(self._layers):
            shard = self._shard if data.phase is Phase.TRAIN else WHOLE
            context = Context(Seed.of(self.seed, index), self._find, self._device, shard)
            try:
                pipes[data.name] = Pipe(open_stream(data, context))
            except DiagnosticError as error:
                problems += error.diagnostics
        if problems:
            raise DiagnosticError(problems)
        return pipes
