"""Bytes <-> messages, through the protobuf runtime.

For small messages: the bulk of a weights file is floats, which ``weights`` cuts out without it.
"""

from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Runtime
from google.protobuf.message_factory import GetMessageClass

from protonet.message.base import Kind, Message, Slot, name_of
from protonet.message.emit import PACKAGE, file_descriptor, reachable

M = TypeVar("M", bound=Message)


def decode(data: bytes, message: type[M]) -> M:
    """Read a message; fields that it does not know are ignored.

    Raises:
        ValueError: The bytes are cut short, or something else.
    """
    try:
        runtime = _runtime(message).FromString(data)
    except DecodeError:
        raise ValueError(
            f"these {len(data)} bytes are no `{name_of(message)}`: cut short, or of another kind"
        ) from None
    if not runtime.IsInitialized():
        raise ValueError(f"these {len(data)} bytes lack a field that `{name_of(message)}` needs")
    return _read(runtime, message)


def encode(message: Message) -> bytes:
    """Write a message: the fields that are set, by number."""
    runtime = _runtime(type(message))()
    _write(message, runtime)
    return runtime.SerializeToString()


def _runtime(message: type[Message]) -> type[Runtime]:
    classes = reachable([message])
    # A plugin may have added a layer since the last time.
    return _built(tuple((found, len(found.slots())) for found in classes))


@cache
def _built(classes: tuple[tuple[type[Message], int], ...]) -> type[Runtime]:
    message, _ = classes[0]
    file = file_descriptor([message])
    for described in file.message_type:
        for field in described.field:
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
    for slot in type(message).slots().values():
        if message.has(slot.name):
            value = getattr(message, slot.name)
            if slot.kind == Kind.MESSAGE:
                _write_messages(value if slot.repeated else (value,), slot, runtime)
            elif slot.repeated:
                getattr(runtime, slot.name).extend([_to_wire(item, slot) for item in value])
            else:
                setattr(runtime, slot.name, _to_wire(value, slot))


def _write_messages(messages: tuple[Message, ...], slot: Slot, runtime: Runtime) -> None:
    for message in messages:
        place = getattr(runtime, slot.name)
        part = place.add() if slot.repeated else place
        part.SetInParent()
        _write(message, part)


def _to_wire(value: Any, slot: Slot) -> Any:
    if slot.kind == Kind.STRING:
        return value.encode("utf-8", errors="surrogateescape")
    return value
