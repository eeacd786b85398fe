import pytest
from hypothesis import given
from hypothesis import strategies as st

from protonet.weights.scan import (
    Field,
    MalformedError,
    Scanner,
    Wire,
    encode_text,
    encode_varint,
    length_delimited,
    signed,
    varint,
)
from tests.weights import encoding as e


def fields(data: bytes) -> list[Field]:
    return list(Scanner(data, 0, len(data)))


@given(st.integers(0, 2**64 - 1))
def test_a_varint_reads_back(value: int) -> None:
    data = encode_varint(value)

    assert varint(b"?" + data + b"?", 1, len(data) + 2) == (value, len(data) + 1)


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_negative_number_has_its_sign(value: int) -> None:
    data = e.number(3, value)
    message = Scanner(data, 0, len(data))

    assert [message.integer(field) for field in message] == [value]
    assert signed(value % 2**64) == value


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10])
def test_a_varint_that_does_not_end_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        varint(data, 0, len(data))


def test_each_way_of_writing_a_field_is_found() -> None:
    data = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x02hi" + b"\x25" + bytes(4)

    assert fields(data) == [
        Field(1, Wire.VARINT, 1, 3),
        Field(2, Wire.I64, 4, 12),
        Field(3, Wire.LEN, 14, 16),
        Field(4, Wire.I32, 17, 21),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0b\x0c", "there is no field at byte 0"),
        (b"\x00\x00", "there is no field at byte 0"),
        (b"\x0a\x03hi", "the field at byte 0 ends at byte 5, 1 past the end"),
        (b"\x08\x01\x0d\x00", "the field at byte 2 ends at byte 7, 3 past the end"),
    ],
)
def test_bytes_that_are_no_message_are_malformed(data: bytes, reason: str) -> None:
    with pytest.raises(MalformedError) as caught:
        fields(data)

    assert str(caught.value) == reason


def test_a_text_that_is_no_utf8_keeps_its_bytes() -> None:
    data = length_delimited(1, b"caf\xe9")
    message = Scanner(data, 0, len(data))

    assert [encode_text(message.text(field)) for field in message] == [b"caf\xe9"]
