"""What a message is: a frozen pydantic model whose annotations carry the facts of the wire.

    class ELUParameter(Message):
        alpha: Annotated[Float, Tag(1)] = 1.0

- A field's kind is read off its annotation: ``Float``, ``Double``, ``Int32``, ``Int64``,
  ``UInt32``, ``bool``, ``str``, ``bytes``, an ``IntEnum``, a ``Message``; ``tuple[X, ...]`` is
  repeated.
- A field that has no default is required. ``X | None = None`` is a field without a default value.
- Presence (Caffe's ``has_x``) is ``message.has("x")``.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

M = TypeVar("M", bound="Message")


class Kind(StrEnum):
    """Scalar kinds of proto2, and messages."""

    BOOL = "bool"
    BYTES = "bytes"
    DOUBLE = "double"
    ENUM = "enum"
    FLOAT = "float"
    INT32 = "int32"
    INT64 = "int64"
    MESSAGE = "message"
    STRING = "string"
    UINT32 = "uint32"


@dataclass(frozen=True, slots=True)
class Tag:
    """The number of a field on the wire."""

    number: int
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """All that the text and the wire need to know of one field."""

    name: str
    number: int
    kind: Kind
    repeated: bool
    packed: bool
    required: bool
    type: type[Any]  # the enum or message class; else the Python type
    default: Any  # None where proto2 has no explicit default


_FLOAT = struct.Struct("f")  # native: what is too large becomes infinite


def float32(value: float) -> float:
    """Round to the nearest 32-bit float, as protobuf does on reading."""
    return _FLOAT.unpack(_FLOAT.pack(value))[0]


INT_BOUNDS: Mapping[Kind, tuple[int, int]] = MappingProxyType(
    {
        Kind.INT32: (-(2**31), 2**31 - 1),
        Kind.INT64: (-(2**63), 2**63 - 1),
        Kind.UINT32: (0, 2**32 - 1),
    }
)
"""The least and the most that each kind of integer holds."""

Float = Annotated[float, AfterValidator(float32), Kind.FLOAT]
Double = Annotated[float, Kind.DOUBLE]
Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31), Kind.INT32]
Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63), Kind.INT64]
UInt32 = Annotated[int, Field(ge=0, lt=2**32), Kind.UINT32]


class Message(BaseModel):
    """A proto2 message."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, use_attribute_docstrings=False
    )

    full_name: ClassVar[str] = ""
    """The name in Caffe's schema where it is not the class's own."""

    def __init__(self, /, **data: Any) -> None:
        # Most messages without arguments are defaults in other messages: to build pydantic's
        # validator for each of them would double the time of `import protonet.layers`.
        made = _making(type(self))
        if data or made.validated or made.required:
            super().__init__(**data)
        else:
            _fill(self, made, data)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        # pydantic does not validate defaults, and Caffe's 0.999 is 0.999000013 too.
        for info in cls.model_fields.values():
            if Kind.FLOAT in info.metadata and isinstance(info.default, float):
                info.default = float32(info.default)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Make a message of values that proto2's rules have been held against.

        pydantic validates only where the class asks more than proto2 does (a constraint, a
        validator): so binding takes less time, and no validators need be built for it.

        Raises:
            ValueError: A constraint does not hold.
        """
        return cls.maker()(values)

    @classmethod
    def maker(cls) -> Callable[[dict[str, Any]], Self]:
        """Return ``of``, bound once for many messages."""
        return _maker(cls)

    @classmethod
    def is_constrained(cls) -> bool:
        """Tell whether it asks more of its own fields than proto2 does."""
        return _making(cls).validated

    def has(self, field: str) -> bool:
        """Tell whether a field was set (Caffe's ``has_x``), or a repeated one holds any."""
        return field in self.model_fields_set and getattr(self, field) not in ((), None)

    @classmethod
    def slots(cls) -> Mapping[str, Slot]:
        """Return the fields that have a number, by name, in order of declaration."""
        return declared_slots(cls)


def name_of(message: type[Message]) -> str:
    """Return the name of a message in Caffe's schema."""
    return message.full_name or message.__name__


@cache
def _maker(cls: type[M]) -> Callable[[dict[str, Any]], M]:
    made = _making(cls)
    if made.validated:
        return cls.model_validate

    def make(values: dict[str, Any]) -> M:
        message = object.__new__(cls)
        _fill(message, made, values)
        return message

    return make


class _Making(NamedTuple):
    """How messages of a class are made."""

    defaults: dict[str, Any]
    required: bool
    validated: bool
    is_open: bool


# Messages are frozen; a slot's descriptor sets it in half the time of `object.__setattr__`.
_set_dict = BaseModel.__dict__["__dict__"].__set__
_set_fields_set = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_set_extra = BaseModel.__dict__["__pydantic_extra__"].__set__
_set_private = BaseModel.__dict__["__pydantic_private__"].__set__


def _fill(message: Message, made: _Making, values: dict[str, Any]) -> None:
    """Do what pydantic's ``model_construct`` does, at a tenth of its price."""
    fields = made.defaults | values
    extra: dict[str, Any] | None = None
    if made.is_open:
        extra = {}
        for name in values:  # a plain loop: three times as fast as a comprehension here
            if name not in made.defaults:
                extra[name] = fields.pop(name)
    _set_dict(message, fields)
    _set_fields_set(message, set(values))
    _set_extra(message, extra)
    _set_private(message, None)


@cache
def _making(cls: type[Message]) -> _Making:
    fields = cls.model_fields
    decorators = cls.__pydantic_decorators__
    return _Making(
        # A required field has its place among the others; what is made has a value for it.
        defaults={n: None if f.is_required() else f.default for n, f in fields.items()},
        required=any(field.is_required() for field in fields.values()),
        validated=bool(decorators.field_validators or decorators.model_validators)
        or any(map(_is_constrained, fields.values())),
        is_open=cls.model_config.get("extra") == "allow",
    )


def _is_constrained(info: FieldInfo) -> bool:
    """Tell whether an annotation asks for more than its kind does."""
    marks = list(info.metadata)
    for inner in get_args(info.annotation):
        marks += get_args(inner)[1:] if get_origin(inner) is Annotated else []
    kind = next((mark for mark in marks if isinstance(mark, Kind)), None)
    own = _KIND_MARKS.get(kind, ())
    return any(not isinstance(mark, (Tag, Kind)) and mark not in own for mark in marks)


_KIND_MARKS: Mapping[Kind | None, list[Any]] = {
    outer: [mark for m in get_args(alias)[1:] for mark in (m, *getattr(m, "metadata", ()))]
    for alias in (Float, Int32, Int64, UInt32)
    for outer in get_args(alias)[-1:]
}
"""What pydantic makes of our aliases, merged into a field or inside a union or tuple."""


@cache
def declared_slots(cls: type[Message]) -> Mapping[str, Slot]:
    """Return the slots that a class's own annotations declare."""
    found: dict[str, Slot] = {}
    for name, info in cls.model_fields.items():
        tag = next((m for m in info.metadata if isinstance(m, Tag)), None)
        if tag is not None:
            kind = next((m for m in info.metadata if isinstance(m, Kind)), None)
            found[name] = _slot(name, tag, kind, info.annotation, info)
    return MappingProxyType(found)


def _slot(name: str, tag: Tag, kind: Kind | None, annotation: Any, info: Any) -> Slot:
    inner, repeated = annotation, False
    if get_origin(inner) in (Union, UnionType):
        inner = next(a for a in get_args(inner) if a is not NoneType)
    if get_origin(inner) is tuple:
        inner, repeated = get_args(inner)[0], True
    if get_origin(inner) is Annotated:
        inner, *marks = get_args(inner)
        kind = next((m for m in marks if isinstance(m, Kind)), kind)
    default = None if info.is_required() or repeated else info.default
    return Slot(
        name=name,
        number=tag.number,
        kind=kind or _kind(inner),
        repeated=repeated,
        packed=tag.packed,
        required=info.is_required(),
        type=inner,
        default=None if isinstance(default, Message) else default,
    )


def _kind(python: type[Any]) -> Kind:
    simple = {bool: Kind.BOOL, str: Kind.STRING, bytes: Kind.BYTES}
    if python in simple:
        return simple[python]
    if issubclass(python, IntEnum):
        return Kind.ENUM
    if issubclass(python, Message):
        return Kind.MESSAGE
    raise TypeError(f"a message field cannot be a {python}; use Float, Int32 and the like")
