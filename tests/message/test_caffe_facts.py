"""Every field that Caffe has agrees with schema/caffe.tsv, which says what its files are."""

import csv
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

from protonet.message.base import Kind, Message, Slot, float32, name_of
from protonet.message.emit import label_of, reachable
from protonet.spec.schema import ROOTS

FACTS = Path(__file__).parents[2] / "schema" / "caffe.tsv"
MESSAGES = {name_of(message): message for message in reachable(ROOTS)}

Row = dict[str, str]


def rows() -> Iterator[Row]:
    with FACTS.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


FIELDS = [row for row in rows() if row["type"] != "value"]
VALUES = [row for row in rows() if row["type"] == "value"]


def slot_of(row: Row) -> Slot | None:
    message = MESSAGES.get(row["message"])
    return message.slots().get(row["field"]) if message else None


def type_name(slot: Slot) -> str:
    if slot.kind == Kind.MESSAGE:
        return name_of(slot.type)
    return slot.type.__qualname__ if slot.kind == Kind.ENUM else slot.kind.value


def facts(slot: Slot) -> tuple[int, str, str]:
    packed = " packed" if slot.packed else ""
    return slot.number, type_name(slot), f"{label_of(slot)}{packed}"


def default_of(row: Row, slot: Slot) -> Any:
    """What proto2 gives for an unset field: what the row says, else the zero of the kind."""
    said = row["default"]
    match slot.kind:
        case Kind.ENUM:
            members = slot.type.__members__
            return members[said] if said else next(iter(members.values()))
        case Kind.BOOL:
            return said == "true"
        case Kind.STRING:
            return said
        case Kind.BYTES:
            return said.encode()
        case Kind.FLOAT:
            return float32(float(said or 0))
        case _:
            return int(said or 0)


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: f"{row['message']}.{row['field']}")
def test_number_type_and_label_are_caffes(row: Row) -> None:
    slot = slot_of(row)

    assert slot is not None
    assert facts(slot) == (int(row["number"]), row["type"], row["label"])


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: f"{row['message']}.{row['field']}")
def test_default_is_caffes(row: Row) -> None:
    slot = slot_of(row)

    assert slot is not None
    if slot.repeated or slot.required or slot.kind == Kind.MESSAGE:
        assert (slot.default, row["default"]) == (None, "")
    elif slot.default is None:
        assert row["default"] == ""
    else:
        assert slot.default == default_of(row, slot)


def enums() -> dict[str, type[IntEnum]]:
    slots = [slot for message in MESSAGES.values() for slot in message.slots().values()]
    return {slot.type.__qualname__: slot.type for slot in slots if slot.kind == Kind.ENUM}


def test_enums_have_caffes_values_and_no_others() -> None:
    known = enums()
    expected: dict[str, dict[str, int]] = {}
    for row in VALUES:
        expected.setdefault(row["message"], {})[row["field"]] = int(row["number"])

    found = {name: {m.name: m.value for m in known[name]} for name in expected if name in known}

    assert found == expected


def test_how_much_of_the_format_is_covered(record_property: Callable[[str, object], None]) -> None:
    covered = sum(slot_of(row) is not None for row in FIELDS)
    figure = f"{covered} of {len(FIELDS)} fields of Caffe's format are declared"
    record_property("covered", figure)
    print(figure)  # noqa: T201 # a figure for `pytest -s`

    assert covered == len(FIELDS)


SSD = ("resize_param", "emit_constraint", "distort_param", "expand_param")


def test_fields_that_are_not_caffes_have_numbers_from_50000() -> None:
    known = {(row["message"], row["field"]) for row in FIELDS}
    caffes = {row["message"] for row in FIELDS}
    ours = {
        (message, slot.name): slot.number
        for message, cls in MESSAGES.items()
        if message in caffes
        for slot in cls.slots().values()
        if (message, slot.name) not in known
        # Layers of forks keep the fork's number where it is free, and so do SSD's transformations.
        and not (message == "LayerParameter" and slot.name.endswith("_param"))
        and not (message == "TransformationParameter" and slot.name in SSD)
    }

    assert [name for name, number in ours.items() if number < 50000] == []


@pytest.mark.parametrize("message", MESSAGES.values(), ids=name_of)
def test_numbers_of_a_message_are_unique(message: type[Message]) -> None:
    numbers = [slot.number for slot in message.slots().values()]

    assert len(set(numbers)) == len(numbers)
