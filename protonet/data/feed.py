"""The feed of a net: it reads the data layers, batch by batch."""

import secrets
from collections.abc import Collection, Generator, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.faults import Fault, fault
from protonet.data.part import ALL, Part
from protonet.data.paths import resolve
from protonet.data.pipe import Pipe
from protonet.data.samples import GivenData
from protonet.data.seeds import Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.sources.skipping import Telling
from protonet.data.streams.base import Context, DataLayer
from protonet.data.streams.memory import MemoryStream
from protonet.data.streams.opening import open_stream
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.layers.annotated_data import AnnotatedData
from protonet.layers.data import Data
from protonet.layers.image_data import ImageData
from protonet.message.common import Phase


class FeedState(TypedDict):
    """Where a feed is: of plain values, so that any file can hold it."""

    seed: int
    positions: dict[str, int]


class Epoch(NamedTuple):
    """Once through the data.

    Attributes:
        records: How many there are.
        batch: How many a batch takes, of all processes together.
    """

    records: int
    batch: int


class Feed:
    """All data layers of one net.

    Args:
        layers: The data layers.
        base: The folder of the prototxt, where files are that the working directory lacks.
        seed: Of all random numbers; any if None.
        device: Where the batches go.
        shard: What this process reads in TRAIN, of several that train together; in TEST, all.
        variants: So many crops and mirrorings of each image, instead of another one each time.
        part: Which records are read.

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
        variants: int = 0,
        part: Part = ALL,
    ) -> None:
        self._layers = tuple(layers)
        self._find = partial(resolve, base=base)
        self._device = torch.device(device)
        self._shard = shard
        self._variants, self._part = variants, part
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

    def pipe(self, layer: str) -> Pipe | None:
        """Return the batches of a data layer by its key; None if a data set stands in its place."""
        return self._pipes.get(layer)

    def called(self, blob: str, row: int, before: int = 1) -> str:
        """Return what a record is called that was pulled, as a message says it.

        Args:
            blob: One of its tops.
            row: Which row of that top it made.
            before: How many batches ago: 1 for the last one.
        """
        owner = next((data for data in self._layers if blob in data.tops), None)
        return self._pipes[owner.name].called(row, before) if owner else ""

    @property
    def epoch(self) -> Epoch:
        """How long the data are; layers without an end go along.

        Raises:
            DiagnosticError: PN535, they have no end, or do not agree.
        """
        paces = {name: pipe.stream.pace for name, pipe in self._pipes.items()}
        found = {Epoch(pace.size, pace.step) for pace in paces.values() if pace.size}
        if len(found) == 1:
            return found.pop()
        lengths = ", ".join(f"`{n}` {p.size:,} by {p.step}" for n, p in paces.items() if p.size)
        raise fault(
            Fault.EPOCH,
            f"the data layers end at different batches: {lengths}"
            if found
            else "the data of the net have no end",
            help="" if found else "DummyData, WindowData, and MemoryData without arrays never end",
        )

    def once(self) -> Generator[int]:
        """Go over the data once, from their start.

        Yields:
            How many records the next batch has, of all processes together; the caller then takes
            it. The last one is short where the data are no multiple of a batch.

        Raises:
            DiagnosticError: PN535, there is no end.
        """
        records, batch = self.epoch
        endings = [pipe for pipe in self._pipes.values() if pipe.stream.pace.size]
        for pipe in endings:
            pipe.seek(0, end=records)
        try:
            for position in range(0, records, batch):
                yield min(batch, records - position)
        finally:
            for pipe in endings:
                pipe.seek(records)

    def told(self) -> tuple[Diagnostic, ...]:
        """Return what is to be told at the end of a run: PN518, images that were skipped."""
        streams = (pipe.stream for pipe in self._pipes.values())
        return tuple(d for stream in streams if isinstance(stream, Telling) for d in stream.told())

    @property
    def most_records(self) -> int:
        """How many records the longest of its data have; 0 if none of them end."""
        return max((pipe.stream.pace.size for pipe in self._pipes.values()), default=0)

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
            before, self._pipes = self._pipes, self._open()
            for old, new in zip(before.values(), self._pipes.values(), strict=True):
                if isinstance(old.stream, MemoryStream) and isinstance(new.stream, MemoryStream):
                    new.stream.arrays.take_over(old.stream.arrays)
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
            seed = Seed.of(self.seed, index)
            context = Context(seed, self._find, self._device, shard, self._variants, self._part)
            try:
                _check_part(data, self._part)
                pipes[data.name] = Pipe(open_stream(data, context))
            except DiagnosticError as error:
                problems += error.diagnostics
        if problems:
            raise DiagnosticError(problems)
        return pipes


def _check_part(data: DataLayer, part: Part) -> None:
    """See that a part of a source can be read.

    Raises:
        DiagnosticError: PN561, it cannot.
    """
    if part != ALL and not isinstance(data.layer, _DIVISIBLE):
        kind = type(data.layer).__name__
        raise fault(
            Fault.PART,
            f"layer `{data.name}` is a {kind}, whose data cannot be used in part",
            help="a part can be taken of Data, ImageData and AnnotatedData, and of data sets that "
            "are given from Python",
        )


_DIVISIBLE = (Data, ImageData, AnnotatedData, GivenData)
