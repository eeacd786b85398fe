"""What rules ask of the data layers of a net."""

from collections.abc import Iterator
from typing import NamedTuple

from protonet.lint.scopes import FileView, only_in
from protonet.message.common import Phase
from protonet.spec.net import LayerParameter

_MESSAGES = ("data_param", "image_data_param", "hdf5_data_param", "window_data_param")


class Named(NamedTuple):
    """A source: the message that names it, and its name."""

    message: str
    name: str


def phase_bound(net: FileView, phase: Phase) -> Iterator[tuple[int, LayerParameter]]:
    """Yield the data layers, with their index, that take part in one phase only."""
    for index, layer in net.with_rules:
        if source_of(layer) and only_in(layer) is phase:
            yield index, layer


def source_of(layer: LayerParameter) -> Named | None:
    """Return the source of a data layer that names one."""
    for name in _MESSAGES:
        message = layer.param_message(name)
        if message is not None and message.has("source"):
            return Named(name, str(getattr(message, "source")))  # noqa: B009 # all four have it
    return None
