"""Fields of a layer's own messages, found without naming these: ``layer.conv1.pad=2``."""

from collections.abc import Iterator, Sequence

from protonet.diagnostics import Diagnostic, did_you_mean
from protonet.layers import LAYERS
from protonet.message.base import Kind, Message, declared_slots


def completed(kind: str, path: Sequence[str]) -> Sequence[str] | None:
    """Return a path below a layer with the message that its first field stands in; None if in none.

    Where several messages of the layer have the field, the first does: ``transform_param``, not the
    places where data layers had it before.

    Args:
        kind: The layer's type, a known one.
        path: As ``("weight_filler", "type")``.
    """
    return next(([name, *path] for name, message in _messages(kind) if path[0] in message), None)


def needs_message(path: Sequence[str], layer: type[Message]) -> bool:
    """Tell whether a path begins with a field that is not every layer's, nor a message."""
    return path[0] not in declared_slots(layer) and not path[0].endswith("_param")


def no_such_field(setting: str, path: Sequence[str], kinds: Sequence[str]) -> Diagnostic:
    """Return PN696: none of the layers that an override is about has its field."""
    known = [field for kind in kinds for _, message in _messages(kind) for field in message]
    types = ", ".join(dict.fromkeys(kinds))
    message = f"no layer of `{setting}` has a field `{path[0]}`: their type is {types}"
    help_ = did_you_mean(path[0], known) or f"`protonet explain {kinds[0]}` lists what it reads"
    return Diagnostic("PN696", message, help=help_)


def unread(old: str, new: str) -> set[str]:
    """Return the messages that layers of one type read and those of another do not."""
    if old not in LAYERS or new not in LAYERS:
        return set()
    return LAYERS[old].slots().keys() - LAYERS[new].slots().keys()


def _messages(kind: str) -> Iterator[tuple[str, Sequence[str]]]:
    for slot in LAYERS[kind].slots().values():
        if slot.kind is Kind.MESSAGE:
            yield slot.name, tuple(slot.type.slots())
