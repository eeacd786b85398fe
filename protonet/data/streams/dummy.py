"""Made-up data: DummyData."""

from functools import partial

import torch
from torch import Tensor

from protonet.data.seeds import Purpose
from protonet.data.streams.base import Context, Finish, Pace
from protonet.layers.dummy_data import DummyData
from protonet.message.common import FillerParameter
from protonet.nets.fill import fill


class DummyStream:
    """Tops that fillers draw; a constant one is the same tensor each time."""

    def __init__(self, layer: DummyData, context: Context) -> None:
        shapes = layer.shapes()
        fillers = layer.dummy_data_param.data_filler or (FillerParameter(),)
        self._seed = context.seed
        self._rank = context.shard.rank
        self._fillers = fillers * len(shapes) if len(fillers) == 1 else fillers
        self._blobs = [torch.empty(shape, device=context.device) for shape in shapes]
        for blob, filler in zip(self._blobs, self._fillers, strict=True):
            if filler.type == "constant":
                fill(blob, filler)
        self.pace = Pace(step=1, size=0)

    def draw(self, position: int, number: int) -> Finish:
        """Draw the tops that are not constant."""
        return partial(self._fill, position)

    def _fill(self, position: int) -> tuple[Tensor, ...]:
        if all(filler.type == "constant" for filler in self._fillers):
            return tuple(self._blobs)
        generator = torch.Generator(self._blobs[0].device)
        numbers = self._seed.at(Purpose.FILL, position, self._rank)
        generator.manual_seed(int(numbers.integers(2**63)))
        tops: list[Tensor] = []
        for blob, filler in zip(self._blobs, self._fillers, strict=True):
            if filler.type == "constant":
                tops.append(blob)
            else:
                tops.append(torch.empty_like(blob))
                fill(tops[-1], filler, generator)
        return tuple(tops)
