import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from protonet.data.datum import Datum, scan
from protonet.weights.scan import MalformedError
from tests.data.builders import encode_datum, field, varint


def scanned(record: bytes) -> Datum:
    return scan(memoryview(record))


def protobuf_datum() -> type:
    """The message class that protobuf makes of Datum's fields."""
    kinds = {"int32": 5, "bytes": 12, "float": 2, "bool": 8}
    fields = ["channels", "height", "width", "data", "label", "float_data", "encoded"]
    types = ["int32", "int32", "int32", "bytes", "int32", "float", "bool"]
    file = descriptor_pb2.FileDescriptorProto(name="datum.proto", package="test_datum")
    message = file.message_type.add(name="Datum")
    for number, (name, kind) in enumerate(zip(fields, types, strict=True), 1):
        label = 3 if name == "float_data" else 1
        message.field.add(name=name, number=number, type=kinds[kind], label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # pyright: ignore[reportUnknownMemberType]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test_datum.Datum"))


DATUM = protobuf_datum()


@given(
    st.binary(max_size=300),
    st.integers(-(2**31), 2**31 - 1),
    st.lists(st.floats(width=32, allow_nan=False), max_size=5),
    st.booleans(),
)
def test_it_reads_what_protobuf_writes(
    data: bytes, label: int, floats: list[float], encoded: bool
) -> None:
    record = DATUM(
        channels=1, height=2, width=300, data=data, label=label, float_data=floats, encoded=encoded
    ).SerializeToString()

    datum = scanned(record)

    assert (datum.shape, bytes(datum.data), datum.label, datum.encoded) == (
        (1, 2, 300),
        data,
        label,
        encoded,
    )
    assert ([] if datum.floats is None else datum.floats.tolist()) == floats


def test_pixels_are_a_view_of_the_record() -> None:
    record = bytearray(encode_datum(bytes(range(12)), (3, 2, 2), 7))

    pixels = scan(memoryview(record)).pixels()
    record[record.index(bytes(range(12)))] = 99

    np.testing.assert_array_equal(pixels.ravel(), [99, *range(1, 12)])


@pytest.mark.parametrize("packed", [False, True])
def test_floats_may_stand_instead_of_bytes(packed: bool) -> None:
    datum = scanned(encode_datum(shape=(2, 1, 2), floats=[0.5, -1, 2, 3], packed=packed))

    pixels = datum.pixels()

    np.testing.assert_array_equal(pixels, np.array([[[0.5, -1]], [[2, 3]]], np.float32))
    assert pixels.dtype == np.float32


def test_unknown_fields_are_skipped() -> None:
    more = field(8, 0, varint(300)) + field(20, 5, b"1234") + field(21, 1, b"12345678")

    assert scanned(more + encode_datum(b"ab", (1, 1, 2), 3)).label == 3


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (encode_datum(b"ab", (1, 1, 2))[:-3], "it ends too early"),
        (encode_datum(floats=[1.0])[:-1], "it ends too early"),
        (b"\x08", "it ends too early"),
        (b"\x22\x7f", "it ends too early"),
        (b"\x08" + b"\xff" * 12, "the number at byte 1 does not end"),
        (b"\x0b\x00", "there is no field at byte 0"),
    ],
)
def test_what_is_no_datum_is_refused(record: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        scanned(record)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2, 0), (), (2**31, 2**31, 2**31)])
def test_values_must_fill_the_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(MalformedError, match="2 values do not fill the shape"):
        scanned(encode_datum(b"ab", shape)).pixels()


def test_a_tag_may_be_longer_than_it_need_be() -> None:
    """Protobuf reads it; a loop that waits for the short form would not end."""
    record = encode_datum(shape=(1, 1, 2), floats=[0.5, 2])

    assert scanned(record.replace(b"\x35", b"\xb5\x00", 1)).pixels().tolist() == [[[0.5, 2.0]]]
