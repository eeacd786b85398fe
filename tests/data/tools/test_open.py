from pathlib import Path

import numpy as np
import pytest

from protonet.data.sources.base import Image
from protonet.data.tools.open import open_images, read_all
from protonet.data.tools.picture import Picturing
from protonet.data.tools.records import encoded_datum, float_datum, raw_datum
from protonet.diagnostics import DiagnosticError
from tests.data.builders import png, random_images, write_h5, write_images, write_lmdb

PIXELS = random_images(3, 3, 4, 5)


def code(name: Path | str) -> str:
    with pytest.raises(DiagnosticError) as error:
        list(open_images(str(name)).read([0]))
    return error.value.diagnostics[0].code


def test_an_lmdb_is_known_by_its_folder_or_its_file(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "db", [raw_datum(PIXELS[0], 7)])

    for name in (path, path / "data.mdb"):
        images = open_images(str(name))
        (image,) = images.read([0])
        assert (images.kind, len(images), images.names(5)) == ("LMDB", 1, ["00000000"])
        assert image.label == 7
        np.testing.assert_array_equal(image.pixels, PIXELS[0])


def test_records_are_surveyed_without_decoding_them(tmp_path: Path) -> None:
    bmp = b"BM" + bytes(10)
    records = [
        raw_datum(PIXELS[0], -1),
        float_datum(PIXELS[1].astype(np.float32)),
        encoded_datum(png(PIXELS[2]), 2),
        encoded_datum(b"\xff\xd8\xff", 3),
        encoded_datum(bmp, 4),
    ]

    seen = list(open_images(str(write_lmdb(tmp_path / "db", records))).survey())

    shape = (3, 4, 5)
    assert seen == [
        (-1, "raw", shape),
        (0, "floats", shape),
        (2, "PNG", None),
        (3, "JPEG", None),
        (4, "encoded", None),
    ]


def test_a_list_is_read_as_asked(tmp_path: Path) -> None:
    path = write_images(tmp_path, PIXELS, [4, 5, 6])

    images = open_images(str(path), picturing=Picturing(gray=True, resize=(2, 2)))

    assert (images.kind, images.names(2)) == ("list of images", ["0.png", "1.png"])
    assert [image.label for image in images.read([2, 0])] == [6, 4]
    assert {image.pixels.shape for image in images.read(range(3))} == {(1, 2, 2)}
    assert [seen.form for seen in images.survey()] == ["PNG"] * 3
    assert [file.name for file in images.files()] == ["0.png", "1.png", "2.png"]


def test_a_data_set_of_the_package_has_no_files() -> None:
    images = open_images("builtin:digits/test")

    assert (len(images), images.path, list(images.files())) == (500, None, [])
    assert images.names(2) == ["0", "1"]
    assert next(images.survey()).shape == next(images.read([0])).pixels.shape == (1, 28, 28)


def test_hdf5_files_are_read_by_themselves_or_by_a_list(tmp_path: Path) -> None:
    for at in range(2):
        write_h5(tmp_path / f"{at}.h5", data=PIXELS, label=np.arange(3.0) + 3 * at)
    (tmp_path / "list.txt").write_text("0.h5\n1.h5\n")

    one, both = open_images(str(tmp_path / "1.h5")), open_images(str(tmp_path / "list.txt"))

    assert (one.kind, len(one), len(both)) == ("HDF5", 3, 6)
    assert both.names(1) == [f"{tmp_path / '0.h5'}[0]"]
    assert [seen.label for seen in both.survey()] == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(next(both.read([4])).pixels, PIXELS[1])
    assert [file.name for file in both.files()] == ["0.h5", "1.h5"]


def test_hdf5_files_without_images_are_told(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no HDF5")
    write_h5(tmp_path / "other.h5", x=PIXELS)
    write_h5(tmp_path / "rows.h5", data=np.zeros((3, 4)), label=np.zeros(3))
    write_h5(tmp_path / "none.h5", data=PIXELS[:0], label=np.zeros(0))

    names = ("text.h5", "other.h5", "rows.h5", "none.h5")
    assert [code(tmp_path / name) for name in names] == ["PN510"] * 4


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    (tmp_path / "zip").write_bytes(b"PK\0")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "gone.txt").write_text("gone.png 1\n")
    (tmp_path / "text.txt").write_text(f"{tmp_path / 'gone.txt'} 1\n")
    (tmp_path / "folder").mkdir()

    names = ("nowhere", "zip", "empty.txt", "gone.txt", "text.txt", "folder")
    found = [code(tmp_path / name) for name in names]
    assert found == ["PN501", "PN543", "PN505", "PN506", "PN506", "PN505"]


def test_images_come_in_order_whatever_thread_reads_them(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "db", [raw_datum(PIXELS[0], label) for label in range(100)])

    images: list[Image] = list(read_all(open_images(str(path)), range(0, 100, 2), threads=3))

    assert [image.label for image in images] == list(range(0, 100, 2))


def test_what_a_thread_raises_is_raised_here(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "db", [raw_datum(PIXELS[0], 0)] * 40 + [b"\xff"])

    with pytest.raises(DiagnosticError) as error:
        list(read_all(open_images(str(path)), range(41), threads=2))

    assert error.value.diagnostics[0].code == "PN504"
