"""What layers carry from one batch to the next, as plain values: the states of LSTM and RNN."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypedDict, runtime_checkable

import torch
from torch import Tensor

from protonet.net import Net

_DTYPES = MappingProxyType(
    {str(d): d for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
)


@runtime_checkable
class Carries(Protocol):
    """A layer's module that carries something over."""

    def carried(self) -> Mapping[str, Tensor]:
        """Return it, by name."""
        ...

    def carry(self, states: Mapping[str, Tensor]) -> None:
        """Go on from what `carried` gave.

        Raises:
            ValueError: It is of another layer.
        """
        ...


class Stored(TypedDict):
    """A tensor that JSON can hold; its bytes are in base 64."""

    dtype: str
    shape: tuple[int, ...]
    data: str


States = Mapping[str, Mapping[str, Stored]]
"""What the layers of a net carry, by layer and name."""


def carried(net: Net) -> States:
    """Return what the layers of a net carry."""
    return {
        layer: {name: _stored(state) for name, state in module.carried().items()}
        for layer, module in _carrying(net)
    }


def carry(net: Net, states: Mapping[str, Any]) -> None:
    """Let the layers of a net go on from what `carried` gave; others begin anew.

    Raises:
        ValueError: It is of another net.
    """
    for layer, module in _carrying(net):
        module.carry({name: _tensor(state) for name, state in states.get(layer, {}).items()})


def _carrying(net: Net) -> Iterator[tuple[str, Carries]]:
    for name, module in net.layers.named_children():
        if isinstance(module, Carries):
            yield name, module


def _stored(state: Tensor) -> Stored:
    values = state.detach().cpu().contiguous()
    data = values.view(torch.uint8).numpy().tobytes()
    return Stored(
        dtype=str(values.dtype), shape=tuple(values.shape), data=b64encode(data).decode("ascii")
    )


def _tensor(stored: Mapping[str, Any]) -> Tensor:
    data = bytearray(b64decode(stored["data"]))
    return torch.frombuffer(data, dtype=_DTYPES[stored["dtype"]]).reshape(stored["shape"])
