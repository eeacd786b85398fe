from enum import IntEnum
from typing import Annotated, Self

import pytest
from pydantic import Field, ValidationError, model_validator

from protonet.message.base import (
    Double,
    Float,
    Int32,
    Kind,
    Message,
    Slot,
    Tag,
    UInt32,
    float32,
    name_of,
)


class Colour(IntEnum):
    RED = 0
    BLUE = 5


class Inner(Message):
    value: Annotated[Float, Tag(1)] = 0.1


class Outer(Message):
    full_name = "Caffes"

    many: Annotated[tuple[Int32, ...], Tag(2, packed=True)] = ()
    colour: Annotated[Colour, Tag(3)] = Colour.RED
    inner: Annotated[Inner, Tag(4)] = Inner()
    count: Annotated[UInt32 | None, Tag(5)] = None
    exact: Annotated[Double, Tag(6)] = 0.1
    needed: Annotated[str, Tag(7)]
    unnumbered: int = 3


class Checked(Message):
    share: Annotated[Float, Field(ge=0, le=1), Tag(1)] = 0.5


class CheckedInUnion(Message):
    number: Annotated[Annotated[Int32, Field(gt=0)] | None, Tag(1)] = None


class Ordered(Message):
    low: Annotated[Int32, Tag(1)] = 0
    high: Annotated[Int32, Tag(2)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")
        return self


def test_slots_say_what_annotations_say() -> None:
    assert dict(Outer.slots()) == {
        "many": Slot("many", 2, Kind.INT32, True, True, False, int, None),
        "colour": Slot("colour", 3, Kind.ENUM, False, False, False, Colour, Colour.RED),
        "inner": Slot("inner", 4, Kind.MESSAGE, False, False, False, Inner, None),
        "count": Slot("count", 5, Kind.UINT32, False, False, False, int, None),
        "exact": Slot("exact", 6, Kind.DOUBLE, False, False, False, float, 0.1),
        "needed": Slot("needed", 7, Kind.STRING, False, False, True, str, None),
    }


def test_a_type_that_proto2_has_not_is_refused() -> None:
    class Wrong(Message):
        size: Annotated[complex, Tag(1)] = 0j

    with pytest.raises(TypeError, match="cannot be a <class 'complex'>"):
        Wrong.slots()


def test_floats_are_32_bit_also_as_defaults() -> None:
    rounded = 0.10000000149011612

    assert (Inner().value, Inner(value=0.1).value) == (rounded, rounded)
    assert Inner.slots()["value"].default == rounded
    assert Outer(needed="").exact == 0.1


@pytest.mark.parametrize(
    ("value", "expected"), [(1e39, float("inf")), (-1e39, float("-inf")), (0.5, 0.5)]
)
def test_what_exceeds_32_bits_is_infinite(value: float, expected: float) -> None:
    assert float32(value) == expected


def test_presence_is_what_was_set() -> None:
    outer = Outer(needed="", many=(), count=None, colour=Colour.RED)

    assert {name: outer.has(name) for name in Outer.slots()} == {
        "many": False,
        "colour": True,
        "inner": False,
        "count": False,
        "exact": False,
        "needed": True,
    }


def test_of_makes_what_the_constructor_makes() -> None:
    values = {"needed": "x", "many": (1, 2)}
    made, constructed = Outer.of(values), Outer(needed="x", many=(1, 2))

    assert made == constructed
    assert made.model_fields_set == constructed.model_fields_set
    assert made.model_copy() == made
    assert repr(made) == repr(constructed)
    assert hash(made) == hash(constructed)


def test_a_message_without_arguments_needs_no_validator() -> None:
    class Fresh(Message):
        value: Annotated[Int32, Tag(1)] = 1

    assert (Fresh().value, Fresh().model_fields_set) == (1, set())
    assert type(vars(Fresh)["__pydantic_validator__"]).__name__ == "MockValSer"


def test_a_required_field_cannot_be_left_out() -> None:
    with pytest.raises(ValidationError, match="needed"):
        Outer()  # pyright: ignore[reportCallIssue] # what is tested


def test_messages_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Inner().value = 1.0


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Inner(valu=1.0)  # pyright: ignore[reportCallIssue] # what is tested


@pytest.mark.parametrize("values", [{"share": 1.5}, {"share": -0.5}])
def test_of_holds_constraints_of_a_field(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Checked.of(values)
    assert Checked.of({"share": 1.0}).share == 1.0
    assert Checked().share == 0.5


def test_of_holds_constraints_inside_a_union_and_across_fields() -> None:
    with pytest.raises(ValidationError):
        CheckedInUnion.of({"number": 0})
    with pytest.raises(ValidationError):
        Ordered.of({"low": 2, "high": 1})
    assert Ordered().low == 0


def test_a_message_is_called_as_in_caffe() -> None:
    assert (name_of(Outer), name_of(Inner)) == ("Caffes", "Inner")
