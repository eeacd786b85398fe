"""Messages -> their schema in other languages: protobuf descriptor, ``.proto`` text, JSON."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from protonet.message.base import INT_BOUNDS, Kind, Message, Slot, name_of
from protonet.message.unbind import shortest

PACKAGE = "caffe"

Messages = Iterable[type[Message]]
Fields = Mapping[type[Message], tuple[Slot, ...]]
"""Messages and which of their fields count."""


def reachable(messages: Messages) -> tuple[type[Message], ...]:
    """Return messages and all that their fields hold, each where it is first mentioned."""
    found: dict[type[Message], None] = {}
    for message in messages:
        _reach(message, found)
    return tuple(found)


def _reach(message: type[Message], found: dict[type[Message], None]) -> None:
    if message not in found:
        found[message] = None
        for slot in message.slots().values():
            if slot.kind == Kind.MESSAGE:
                _reach(slot.type, found)


def file_descriptor(messages: Messages) -> FileDescriptorProto:
    """Return a proto2 file with messages and all that they hold."""
    return described(_all_fields(messages))


def _all_fields(messages: Messages) -> Fields:
    return {found: tuple(found.slots().values()) for found in reachable(messages)}


def described(fields: Fields) -> FileDescriptorProto:
    """Return a proto2 file with messages that have these fields and no others."""
    names = _type_names(fields)
    return FileDescriptorProto(
        name="protonet.proto",
        package=PACKAGE,
        syntax="proto2",
        enum_type=[_enum(enum) for enum in _top_enums(fields)],
        message_type=[
            DescriptorProto(
                name=name_of(message),
                enum_type=[_enum(enum) for enum in _own_enums(message)],
                field=[_field(slot, names) for slot in slots],
            )
            for message, slots in fields.items()
        ],
    )


def _own_enums(message: type[Message]) -> list[type[IntEnum]]:
    """Return the enums that stand inside a message's class."""
    return [
        member
        for member in vars(message).values()
        if isinstance(member, type) and issubclass(member, IntEnum)
    ]


def _top_enums(fields: Fields) -> list[type[IntEnum]]:
    owned = {enum for message in fields for enum in _own_enums(message)}
    all_ = (slot for slots in fields.values() for slot in slots)
    used = dict.fromkeys(slot.type for slot in all_ if slot.kind == Kind.ENUM)
    return [enum for enum in used if enum not in owned]


def _type_names(fields: Fields) -> dict[type[Any], str]:
    names: dict[type[Any], str] = {enum: enum.__name__ for enum in _top_enums(fields)}
    for message in fields:
        names[message] = name_of(message)
        names |= {enum: f"{name_of(message)}.{enum.__name__}" for enum in _own_enums(message)}
    return names


def _enum(enum: type[IntEnum]) -> EnumDescriptorProto:
    described = EnumDescriptorProto(name=enum.__name__)
    for member in enum:
        described.value.add(name=member.name, number=member.value)
    return described


_TYPES = {
    Kind.BOOL: FieldDescriptorProto.TYPE_BOOL,
    Kind.BYTES: FieldDescriptorProto.TYPE_BYTES,
    Kind.DOUBLE: FieldDescriptorProto.TYPE_DOUBLE,
    Kind.ENUM: FieldDescriptorProto.TYPE_ENUM,
    Kind.FLOAT: FieldDescriptorProto.TYPE_FLOAT,
    Kind.INT32: FieldDescriptorProto.TYPE_INT32,
    Kind.INT64: FieldDescriptorProto.TYPE_INT64,
    Kind.MESSAGE: FieldDescriptorProto.TYPE_MESSAGE,
    Kind.STRING: FieldDescriptorProto.TYPE_STRING,
    Kind.UINT32: FieldDescriptorProto.TYPE_UINT32,
}

_LABELS = {
    "optional": FieldDescriptorProto.LABEL_OPTIONAL,
    "repeated": FieldDescriptorProto.LABEL_REPEATED,
    "required": FieldDescriptorProto.LABEL_REQUIRED,
}


def _field(slot: Slot, names: dict[type[Any], str]) -> FieldDescriptorProto:
    field = FieldDescriptorProto(
        name=slot.name, number=slot.number, label=_LABELS[label_of(slot)], type=_TYPES[slot.kind]
    )
    if slot.type in names:
        field.type_name = f".{PACKAGE}.{names[slot.type]}"
    if slot.packed:
        field.options.packed = True
    if default_of(slot) is not None:
        field.default_value = str(default_of(slot))
    return field


def label_of(slot: Slot) -> str:
    """Return ``optional``, ``repeated`` or ``required``."""
    return "repeated" if slot.repeated else "required" if slot.required else "optional"


def default_of(slot: Slot) -> str | int | float | None:
    """Return a default as proto2 writes it; 0, "" and an enum's first go unsaid."""
    value = slot.default
    match slot.kind:
        case Kind.ENUM if value is not None:
            return value.name if value.name != next(iter(slot.type.__members__)) else None
        case Kind.BOOL if value:
            return "true"
        case Kind.FLOAT if value:
            return shortest(value)
        case _:
            return value or None


def proto_text(messages: Messages) -> str:
    """Return messages and all that they hold as a ``.proto`` file; docstrings are its comments."""
    return "\n".join(_file(_all_fields(messages)))


def _file(fields: Fields) -> Iterator[str]:
    yield "// Made from the classes in protonet, which are the schema: do not edit."
    yield 'syntax = "proto2";\n'
    yield f"package {PACKAGE};"
    for enum in _top_enums(fields):
        yield ""
        yield from _enum_text(enum, "")
    names = _type_names(fields)
    for message in fields:
        yield ""
        yield from _message_text(message, names)
    yield ""


def field_notes(message: type[Message]) -> dict[str, str]:
    """Return the docstrings that stand below the fields of a message's class."""
    (tree,) = ast.parse(dedent(getsource(message))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, note in pairwise(tree.body):
        match field, note:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = cleandoc(text)
            case _:
                pass
    return found


def _comment(text: str | None, indent: str) -> Iterator[str]:
    for line in cleandoc(text or "").splitlines():
        yield f"{indent}// {line}".rstrip()


def _enum_text(enum: type[IntEnum], indent: str) -> Iterator[str]:
    yield from _comment(enum.__doc__, indent)
    yield f"{indent}enum {enum.__name__} {{"
    for member in enum:
        yield f"{indent}  {member.name} = {member.value};"
    yield f"{indent}}}"


def _message_text(message: type[Message], names: dict[type[Any], str]) -> Iterator[str]:
    yield from _comment(message.__doc__, "")
    yield f"message {name_of(message)} {{"
    notes = field_notes(message)
    for enum in _own_enums(message):
        yield from _enum_text(enum, "  ")
    for slot in message.slots().values():
        kind = names.get(slot.type, slot.kind.value).removeprefix(f"{name_of(message)}.")
        default = default_of(slot)
        quoted = f'"{default}"' if slot.kind == Kind.STRING else default
        options = ["packed = true"] * slot.packed + [f"default = {quoted}"] * (default is not None)
        listed = f" [{', '.join(options)}]" if options else ""
        yield from _comment(notes.get(slot.name), "  ")
        yield f"  {label_of(slot)} {kind} {slot.name} = {slot.number}{listed};"
    yield "}"


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON schema of a message written as JSON: enums by name, messages as objects."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": f"#/$defs/{name_of(message)}",
        "$defs": {name_of(found): _object(found) for found in reachable([message])},
    }


def _object(message: type[Message]) -> dict[str, Any]:
    slots = message.slots().values()
    required = [slot.name for slot in slots if slot.required]
    notes = field_notes(message)
    return {
        "description": cleandoc(message.__doc__ or ""),
        "type": "object",
        "properties": {slot.name: _property(slot) | _note(notes, slot) for slot in slots},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _note(notes: dict[str, str], slot: Slot) -> dict[str, str]:
    return {"description": notes[slot.name]} if slot.name in notes else {}


def _property(slot: Slot) -> dict[str, Any]:
    value = _json_type(slot)
    if slot.repeated:
        return {"type": "array", "items": value}
    default = default_of(slot)
    if default is not None:
        value["default"] = True if slot.kind == Kind.BOOL else default
    return value


def _json_type(slot: Slot) -> dict[str, Any]:
    match slot.kind:
        case Kind.MESSAGE:
            return {"$ref": f"#/$defs/{name_of(slot.type)}"}
        case Kind.ENUM:
            return {"enum": list(slot.type.__members__)}
        case Kind.BOOL:
            return {"type": "boolean"}
        case Kind.STRING | Kind.BYTES:
            return {"type": "string"}
        case Kind.FLOAT | Kind.DOUBLE:
            return {"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "nan"]}]}
        case _:
            least, most = INT_BOUNDS[slot.kind]
            return {"type": "integer", "minimum": least, "maximum": most}
