"""Bytes <-> messages, through the protobuf runtime.

For small messages: the bulk of a weights file is floats, which ``weights`` cuts out without it.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Runtime
from google.protobuf.message_factory import GetMessageClass

from protonet.message.base import Kind, Message, Slot, name_of
from protonet.message.emit import PACKAGE, described, reachable

M = TypeVar("M", bound=Message)


def decode(data: bytes, message: type[M]) -> M:
    """Read a message; fields that it does not know are ignored.

    Raises:
        ValueError: The bytes are cut short, or something else.
    """
    # A plugin may have added a layer since the last time.
    fields = tuple((found, tuple(found.slots().values())) for found in reachable([message]))
    try:
        runtime = _runtime(fields).FromString(data)
    except DecodeError:
        raise ValueError(
            f"these {len(data)} bytes are no `{name_of(message)}`: cut short, or of another kind"
        ) from None
    if not runtime.IsInitialized():
        raise ValueError(f"these {len(data)} bytes lack a field that `{name_of(message)}` needs")
    return _read(runtime, message)


def encode(message: Message) -> bytes:
    """Write a message: the fields that are set, by number."""
    # To describe the fields that it does not have would import every layer's file.
    used: dict[type[Message], dict[str, Slot]] = {}
    _note(message, used)
    fields = tuple((found, tuple(slots.values())) for found, slots in used.items())
    runtime = _runtime(fields)()
    _write(message, runtime)
    return runtime.SerializeToString()


def _note(message: Message, used: dict[type[Message], dict[str, Slot]]) -> None:
    """Note the fields that are set, of a message and of all that it holds."""
    noted = used.setdefault(type(message), {})
    for slot, values in _set_fields(message):
        noted[slot.name] = slot
        if slot.kind == Kind.MESSAGE:
            for value in values:
                _note(value, used)


def _set_fields(message: Message) -> Iterator[tuple[Slot, tuple[Any, ...]]]:
    """Yield the fields that are set, with their values; one, if it is not repeated."""
    slots = type(message).slots()
    for name in sorted(message.model_fields_set):
        if message.has(name) and name in slots:
            value = getattr(message, name)
            yield slots[name], value if slots[name].repeated else (value,)


@cache
def _runtime(fields: tuple[tuple[type[Message], tuple[Slot, ...]], ...]) -> type[Runtime]:
    """Return the runtime's class for the first of these messages."""
    message, _ = fields[0]
    file = described(dict(fields))
    for kind in file.message_type:
        for field in kind.field:
            # Texts are bytes on the wire, and files of Caffe's time are not always UTF-8.
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES
                field.ClearField("default_value")
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name_of(message)}"))


def _read(runtime: Runtime, message: type[M]) -> M:
    slots = message.slots()
    values: dict[str, Any] = {}
    for field, value in runtime.ListFields():
        slot = slots[field.name]
        if slot.repeated:
            values[slot.name] = tuple(_from_wire(item, slot) for item in value)
        else:
            values[slot.name] = _from_wire(value, slot)
    return message.of(values)


def _from_wire(value: Any, slot: Slot) -> Any:
    match slot.kind:
        case Kind.MESSAGE:
            return _read(value, slot.type)
        case Kind.ENUM:
            return slot.type(value)
        case Kind.STRING:
            return value.decode("utf-8", errors="surrogateescape")
        case _:
            return value


def _write(message: Message, runtime: Runtime) -> None:
    for slot, values in _set_fields(message):
        if slot.kind == Kind.MESSAGE:
            for value in values:
                place = getattr(runtime, slot.name)
                part = place.add() if slot.repeated else place
                part.SetInParent()
                _write(value, part)
        elif slot.repeated:
            getattr(runtime, slot.name).extend([_to_wire(item, slot) for item in values])
        else:
            setattr(runtime, slot.name, _to_wire(values[0], slot))


def _to_wire(value: Any, slot: Slot) -> Any:
    if slot.kind == Kind.STRING:
        return value.encode("utf-8", errors="surrogateescape")
    return value
