"""A net whose frozen prefix is run once a sample: its features are kept, and the rest learns.

The first time that a batch has samples that are not there yet, all of it passes the prefix, just as
without a cache. Later its features are read, and the data layers go on without reading anything.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from protonet.data.repeats import UnrepeatableError
from protonet.graph.frozen import FrozenPrefix, Section, is_same_in_one_batch, rest
from protonet.net import Net
from protonet.nets.outputs import Outputs
from protonet.shape import count
from protonet.spec.solver import CacheMode
from protonet.train import cache_key, events
from protonet.train.cache_faults import ever_changing, unkept, without_variants
from protonet.train.cache_files import NoRoomError
from protonet.train.cache_part import Part
from protonet.train.cache_room import Room, existing
from protonet.train.cache_rows import Samples

CHANGES = 3
"""How often the weights of a prefix may change before its features are no longer kept."""
JOINED = 64 * 2**20
"""Bytes of values that the rest of a net may have where it runs several batches as one."""

Emit = Callable[[events.Event], None]


class Features:
    """Stands in for a net's forward pass; see `Net.shortcut`.

    Args:
        net: The net.
        name: What events call it.
        prefix: Its frozen prefix.
        room: Where its features may be kept.
        variants: How many augmentations of an image the solver asks for.
        batches: Of an iteration.
        emit: Is told what is done.
    """

    def __init__(
        self,
        net: Net,
        name: str,
        prefix: FrozenPrefix,
        room: Room,
        *,
        variants: int = 0,
        batches: int = 1,
        emit: Emit,
    ) -> None:
        self.prefix = prefix
        self._net, self._name, self._emit = net, name, emit
        self._room, self._variants, self._batches = room, variants, batches
        self._joins = batches > 1 and _joins(net, prefix, batches)
        self._parts: list[Part] | None = None
        self._versions: tuple[tuple[int, int], ...] = ()
        self._digest = ""
        self._changes = 0

    def __call__(self) -> Outputs:
        """Run the next batch."""
        return self._run(1) if self._is_ready() else self._net({})

    def joins(self) -> bool:
        """Tell whether all batches of an iteration can be run as one."""
        return self._joins and self._is_ready()

    def joined(self) -> Outputs:
        """Run all batches of an iteration as one."""
        return self._run(self._batches)

    def _run(self, batches: int) -> Outputs:
        head = self._net.programs.split(self.prefix)[1]
        values = self._cut(batches)
        missing = [blob for blob in head.inputs if blob not in values]
        if missing:
            values |= self._net.feed.pull(missing)
        outputs = self._net.run(head, (values[blob] for blob in head.inputs))
        if self._net.execution.amp:
            outputs.to_float()
        return outputs

    def _is_ready(self) -> bool:
        """See that what is kept is still true; if nothing can be kept, step aside."""
        try:
            if self._parts is None:
                self._open()
            elif self._is_stale():
                self._changes += 1
                if self._changes > CHANGES:
                    self._emit(ever_changing(self._name, self.prefix))
                    self._net.shortcut = None
                    return False
                self._open()
        except (UnrepeatableError, NoRoomError) as error:
            self._refuse(str(error))
            return False
        return True

    def _refuse(self, why: str) -> None:
        self._net.shortcut = None
        if self._room.mode is CacheMode.AUTO:
            self._emit(events.Uncached(self._name, self.prefix.span, why))
        else:
            self._emit(unkept(self._name, self._room.mode, why))

    def _is_stale(self) -> bool:
        assert self._parts is not None
        for part in self._parts:
            if part.found().source is not part.repeats.source:
                return True
        versions = cache_key.versions(self._blobs())
        if versions == self._versions:
            return False
        self._versions = versions
        return cache_key.digest(self._blobs()) != self._digest

    def _blobs(self) -> list[Tensor]:
        return cache_key.weights_of(self._net, self.prefix)

    def _open(self) -> None:
        """Find the data layers, and what is kept of them already."""
        self._versions = cache_key.versions(self._blobs())
        self._digest = cache_key.digest(self._blobs())
        parts = [self._part(section) for section in self.prefix.sections]
        for part in parts:
            self._prepare(part)
        self._parts = parts

    def _part(self, section: Section) -> Part:
        pipe = self._net.feed.pipe(section.source.key)
        if pipe is None:
            raise UnrepeatableError("a data set that the program gives may change a sample")
        return Part(pipe, section)

    def _prepare(self, part: Part) -> None:
        number, data = part.repeats.number, part.repeats.identity
        size = number * self._bytes(part.section)
        net, prefix, section = self._net, self.prefix, part.section
        keyed = self._room.mode is not CacheMode.RAM
        about = cache_key.ingredients(net, prefix, section, self._digest, data()) if keyed else {}
        path = self._room.choose(cache_key.key(about), number, size)
        if self._variants and not part.repeats.variants:
            self._emit(without_variants(self._variants, section))
        part.rows = existing(path, number)
        part.make = lambda columns: self._room.rows(path, columns, number, about)
        self._emit(
            events.Caching(
                self._name,
                prefix.span,
                prefix.blobs,
                number,
                size,
                None if path is None else str(path),
                part.rows.filled if part.rows else 0,
                part.repeats.variants,
                self._batches if self._joins else 1,
            )
        )

    def _bytes(self, section: Section) -> int:
        shapes = self._net.shapes.values
        return 4 * sum(count(shapes[value][1:]) for value in section.cut)

    def _cut(self, batches: int) -> dict[str, Tensor]:
        """Return what the rest reads of the next batches, joined."""
        assert self._parts is not None
        samples = [part.next(batches) for part in self._parts]
        joined = [np.concatenate(each) for each in samples]
        if all(part.has(each) for part, each in zip(self._parts, joined, strict=True)):
            return self._read(joined, batches)
        if batches > 1:
            values = [self._cut(1) for _ in range(batches)]
            return {blob: torch.cat([each[blob] for each in values]) for blob in values[0]}
        return self._compute(joined)

    def _read(self, samples: Sequence[Samples], batches: int) -> dict[str, Tensor]:
        assert self._parts is not None
        device = self._blobs()[0].device
        values: dict[str, Tensor] = {}
        for part, each in zip(self._parts, samples, strict=True):
            assert part.rows is not None
            names = (value.blob for value in part.section.cut)
            values |= zip(names, part.rows.read(each, device), strict=True)
            for _ in range(batches):
                part.pipe.skip()
        return values

    def _compute(self, samples: Sequence[Samples]) -> dict[str, Tensor]:
        assert self._parts is not None
        program = self._net.programs.split(self.prefix)[0]
        data = self._net.feed.pull(program.inputs)
        with torch.no_grad():
            values = dict(self._net.run(program, (data[blob] for blob in program.inputs)))
        if self._net.shortcut is not None:
            self._keep(samples, values)
        return values

    def _keep(self, samples: Sequence[Samples], values: Mapping[str, Tensor]) -> None:
        assert self._parts is not None
        try:
            for part, each in zip(self._parts, samples, strict=True):
                if part.write(each, [values[value.blob] for value in part.section.cut]):
                    self._emit(events.Cached(self._name, part.repeats.number))
        except NoRoomError as error:
            self._refuse(str(error))


def _joins(net: Net, prefix: FrozenPrefix, batches: int) -> bool:
    """Tell whether the rest of a net can run several batches as one, and has memory for it."""
    graph = rest(net.graph, prefix)
    fed = {section.source.key for section in prefix.sections}
    if any(node.key not in fed for node in graph.sources):
        return False
    tops = set(chain.from_iterable(node.tops for node in graph.nodes))
    size = 4 * batches * sum(count(net.shapes.values[top]) for top in tops)
    return size <= JOINED and is_same_in_one_batch(graph, net.shapes)
