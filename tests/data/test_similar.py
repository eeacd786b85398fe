import numpy as np
import pytest

from protonet.data.datum import located
from protonet.data.similar import Similar
from protonet.data.sources.base import Image
from tests.data.builders import encode_datum, field, random_images, raw_datum

IMAGES = random_images(3, 3, 4, 6)


def learned(record: bytes) -> Similar:
    similar, view = Similar(), memoryview(record)
    similar.learn(view, *located(view))
    return similar


def cut(similar: Similar, record: bytes) -> Image | None:
    return similar.cut(memoryview(record))


def test_a_record_of_the_same_form_is_cut() -> None:
    similar = learned(raw_datum(IMAGES[0], 7))

    found = cut(similar, raw_datum(IMAGES[1], 7))

    assert found
    np.testing.assert_array_equal(found.pixels, IMAGES[1])
    assert found.label == 7


def test_every_label_is_seen_once_before_it_is_known() -> None:
    similar = learned(raw_datum(IMAGES[0], 7))
    record = memoryview(raw_datum(IMAGES[1], -2))
    assert similar.cut(record) is None

    similar.learn(record, *located(record))

    found = [cut(similar, raw_datum(IMAGES[2], label)) for label in (7, -2)]
    assert [image and image.label for image in found] == [7, -2]


@pytest.mark.parametrize(
    "other",
    [
        raw_datum(IMAGES[0][:2], 7),
        raw_datum(IMAGES[0], 7)[:-10],
        raw_datum(IMAGES[0], 7)[:5],
        raw_datum(IMAGES[0], 7) + field(7, 0, b"\1"),
        raw_datum(IMAGES[0], 7) + field(6, 5, b"1234"),
        b"",
    ],
)
def test_what_is_not_of_the_form_must_be_scanned(other: bytes) -> None:
    assert cut(learned(raw_datum(IMAGES[0], 7)), other) is None


@pytest.mark.parametrize(
    "record",
    [
        encode_datum(b"jpeg", encoded=True),
        encode_datum(shape=(1, 1, 2), floats=[1, 2]),
        encode_datum(b"12", (1, 1, 2)) + field(9, 2, bytes([100]) + bytes(100)),
        field(9, 2, bytes([100]) + bytes(100)) + encode_datum(b"12", (1, 1, 2)),
    ],
)
def test_other_records_have_no_form(record: bytes) -> None:
    assert cut(learned(record), record) is None


def test_nothing_is_cut_before_a_form_is_known() -> None:
    assert cut(Similar(), raw_datum(IMAGES[0])) is None
