from pathlib import Path

import numpy as np
import pytest

from protonet.data.sources.base import Pixels
from protonet.data.sources.database import DatumReader, held
from protonet.data.sources.images import Colour
from protonet.data.sources.lmdb import LMDB
from protonet.diagnostics import DiagnosticError
from tests.data.builders import encode_datum, png, random_images, raw_datum, write_lmdb

IMAGES = random_images(3, 3, 4, 5)


def reader(path: Path, *records: bytes, colour: Colour = Colour.AS_STORED) -> DatumReader:
    return DatumReader(LMDB(write_lmdb(path / "db", records)), colour)


def test_raw_images_are_read_as_stored(tmp_path: Path) -> None:
    images = reader(tmp_path, *map(raw_datum, IMAGES, [4, -1, 6]))

    assert (len(images), images.shape()) == (3, (3, 4, 5))
    for image, expected, label in zip(images.read([1, 0]), IMAGES[[1, 0]], [-1, 4], strict=True):
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.label == label


def test_encoded_images_are_decoded(tmp_path: Path) -> None:
    records = [encode_datum(png(image), label=3, encoded=True) for image in IMAGES]

    as_stored = reader(tmp_path, *records)
    gray = DatumReader(LMDB(tmp_path / "db"), Colour.GRAY)

    assert (as_stored.shape(), gray.shape()) == ((3, 4, 5), (1, 4, 5))
    np.testing.assert_array_equal(next(as_stored.read([2])).pixels, IMAGES[2])


def test_raw_images_of_one_size_are_held_in_memory(tmp_path: Path) -> None:
    images = reader(tmp_path, *map(raw_datum, IMAGES, [4, 5, 6]))

    pixels = held(images)

    assert isinstance(pixels, Pixels)
    assert pixels.name == str(tmp_path / "db")
    np.testing.assert_array_equal(pixels.pixels, IMAGES)
    np.testing.assert_array_equal(pixels.labels, np.array([4, 5, 6], np.float32))


def test_images_stay_in_the_database_if_they_are_too_many_or_encoded_or_differ(
    tmp_path: Path,
) -> None:
    kinds = {
        "many": reader(tmp_path, *map(raw_datum, IMAGES)),
        "floats": reader(tmp_path / "f", encode_datum(shape=(1, 1, 1), floats=[1.0])),
        "encoded": reader(tmp_path / "e", encode_datum(png(IMAGES[0]), encoded=True)),
        "sizes": reader(tmp_path / "s", raw_datum(IMAGES[0]), raw_datum(IMAGES[0][:, 1:])),
    }

    assert {kind: held(images, limit=179) is images for kind, images in kinds.items()} == (
        dict.fromkeys(kinds, True)
    )


def test_a_record_that_is_no_datum_is_named(tmp_path: Path) -> None:
    images = reader(tmp_path, raw_datum(IMAGES[0]), b"\x0b")

    with pytest.raises(DiagnosticError) as raised:
        list(images.read([0, 1]))

    path = tmp_path / "db"
    assert str(raised.value) == (
        f"error[PN504]: record `00000001` of `{path}` is not a Datum: there is no field at byte 0\n"
        f" --> {path}"
    )


@pytest.mark.parametrize(
    "record",
    [encode_datum(b"abc", (1, 1, 2)), encode_datum(b"no image", encoded=True), b""],
    ids=["size", "encoded", "empty"],
)
def test_a_record_that_is_no_image_is_named(tmp_path: Path, record: bytes) -> None:
    images = reader(tmp_path, raw_datum(IMAGES[0]), record)

    with pytest.raises(DiagnosticError, match=r"PN504.*`00000001` of .* is no image: "):
        list(images.read([1]))


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN503.*is empty"):
        reader(tmp_path)
