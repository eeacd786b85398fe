"""A net to load weights into, without a graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protonet.shape import Shape
from protonet.spec.net import LayerParameter


@dataclass
class Blobs:
    """Satisfies ``load.Net``."""

    params: Mapping[str, Sequence[Tensor]]
    layer_messages: Sequence[LayerParameter]
    owners: frozenset[tuple[str, int]]
    name: str = "net"

    def values(self) -> dict[str, list[object]]:
        """All blobs as lists, to be compared."""
        return {layer: [blob.tolist() for blob in blobs] for layer, blobs in self.params.items()}


def net_of(**layers: Sequence[Shape]) -> Blobs:
    """A net of InnerProducts with these blobs, filled with -1."""
    params = {
        name: [torch.full(shape, -1.0) for shape in shapes] for name, shapes in layers.items()
    }
    return net_with(params, dict.fromkeys(layers, "InnerProduct"))


def net_with(params: Mapping[str, Sequence[Tensor]], types: Mapping[str, str]) -> Blobs:
    """A net with these tensors; a tensor that comes twice is shared, and the first layer's."""
    messages = [LayerParameter.of({"name": name, "type": kind}) for name, kind in types.items()]
    seen: set[int] = set()
    owners: set[tuple[str, int]] = set()
    for layer, blobs in params.items():
        for index, blob in enumerate(blobs):
            if id(blob) not in seen:
                owners.add((layer, index))
            seen.add(id(blob))
    return Blobs(params, messages, frozenset(owners))
