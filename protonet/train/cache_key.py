"""What features depend on: when the same key comes again, they are the same."""

import hashlib
import importlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from protonet.graph.frozen import FrozenPrefix, Section
from protonet.graph.ir import Node
from protonet.message.unbind import unbind
from protonet.net import Net
from protonet.syntax.format import format_block


def weights_of(net: Net, prefix: FrozenPrefix) -> list[Tensor]:
    """Return the blobs of a prefix, layer after layer."""
    slots = net.ownership.slots
    return [net.blob(owned) for node in prefix.nodes for owned in slots.get(node.key, ())]


def versions(blobs: Iterable[Tensor]) -> tuple[tuple[int, int], ...]:
    """Return what changes whenever a blob is written to, or is another one."""
    return tuple((id(blob), blob._version) for blob in blobs)  # noqa: SLF001 # no other way to ask


def digest(blobs: Iterable[Tensor]) -> str:
    """Return a hash of the values of blobs, whatever their order in memory."""
    found = hashlib.sha256()
    for blob in blobs:
        values = blob.detach().cpu().contiguous()
        found.update(repr((tuple(values.shape), values.dtype)).encode())
        found.update(values.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def ingredients(
    net: Net, prefix: FrozenPrefix, section: Section, weights: str, data: object
) -> dict[str, object]:
    """Return all that the features of a data layer depend on, as plain values.

    Args:
        net: The net.
        prefix: Its frozen prefix.
        section: The data layer.
        weights: The `digest` of the prefix's blobs.
        data: What tells its samples from others.
    """
    execution = net.execution
    device = next(iter(net.buffers()), next(iter(net.parameters()))).device
    return {
        "torch": torch.__version__,
        "device": device.type,
        "precision": [execution.amp, execution.tf32, execution.compile, execution.channels_last],
        "layers": [_layer(node) for node in prefix.nodes],
        "blobs": [[value.blob, value.version] for value in section.cut],
        "weights": weights,
        "data": data,
    }


def key(found: dict[str, object]) -> str:
    """Return a name for ingredients that no others have."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:32]


def _layer(node: Node) -> Sequence[str]:
    """Return a layer as its file says it, and a hash of the code that it is made by."""
    module = importlib.import_module(type(node.layer).__module__)
    code = Path(module.__file__).read_bytes() if module.__file__ else b""
    said = format_block(unbind(node.spec))
    return said, node.phase.name, hashlib.sha256(code).hexdigest()
