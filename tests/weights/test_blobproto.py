import struct
from pathlib import Path

import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights import faults
from protonet.weights.binaryproto import read_blob, write_blob
from tests.weights import encoding as e

SIX = (1.0, -2.0, 3.0, 0.5, 0.0, 6.0)
HALVES = struct.pack("<6e", *SIX)


def read(folder: Path, payload: bytes) -> "list[list[float]]":
    path = folder / "blob.binaryproto"
    path.write_bytes(payload)
    return read_blob(path).tolist()


def message_of(folder: Path, payload: bytes) -> str:
    with pytest.raises(DiagnosticError) as caught:
        read(folder, payload)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.file == str(folder / "blob.binaryproto")
    return f"{diagnostic.code} {diagnostic.message}"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(e.data(*SIX) + e.shape(2, 3), id="packed"),
        pytest.param(e.shape(2, 3) + e.data(*SIX), id="shape first"),
        pytest.param(e.unpacked(*SIX) + e.shape(2, 3), id="one by one"),
        pytest.param(e.data(*SIX[:2]) + e.data(*SIX[2:]) + e.shape(2, 3), id="in two pieces"),
        pytest.param(
            e.data(*SIX[:2]) + e.unpacked(*SIX[2:5]) + e.shape(2, 3) + e.unpacked(SIX[5]),
            id="in pieces of both kinds",
        ),
        pytest.param(e.message(8, e.doubles(*SIX)) + e.shape(2, 3), id="doubles"),
        pytest.param(
            b"".join(b"\x41" + e.doubles(value) for value in SIX) + e.shape(2, 3),
            id="doubles one by one",
        ),
        pytest.param(
            e.data(9, 9, 9, 9, 9, 9) + e.message(8, e.doubles(*SIX)) + e.shape(2, 3),
            id="doubles before floats",
        ),
        pytest.param(e.number(10, 2) + e.message(12, HALVES) + e.shape(2, 3), id="raw halves"),
        pytest.param(e.number(10, 1) + e.message(12, e.floats(*SIX)) + e.shape(2, 3), id="raw"),
        pytest.param(e.message(12, e.doubles(*SIX)) + e.shape(2, 3), id="raw doubles"),
        pytest.param(
            e.data(*SIX) + b"\x29" + bytes(8) + e.shape(2, 3), id="with data of another kind"
        ),
        pytest.param(
            e.data(*SIX) + e.message(6, e.floats(7, 7)) + e.shape(2, 3), id="with gradients"
        ),
        pytest.param(
            e.data(*SIX) + e.message(7, b"\x08\x02\x08\x03\x10\x00"), id="dims one by one"
        ),
        pytest.param(
            e.data(*SIX) + e.message(7, b"\x0d\0\0\0\0") + e.shape(2, 3), id="a dim of another kind"
        ),
        pytest.param(b"\xad\0" + e.floats(1.0) + e.unpacked(*SIX[1:]) + e.shape(2, 3), id="tag"),
    ],
)
def test_every_way_of_storing_values_is_read(tmp_path: Path, payload: bytes) -> None:
    assert read(tmp_path, payload) == [[1.0, -2.0, 3.0], [0.5, 0.0, 6.0]]


def test_thousands_of_values_one_by_one(tmp_path: Path) -> None:
    values = np.arange(5000, dtype=np.float32)
    path = tmp_path / "blob.binaryproto"
    path.write_bytes(e.unpacked(*values.tolist()) + e.number(99, 1) + e.shape(5000))

    np.testing.assert_array_equal(read_blob(path), values)


def test_a_double_that_no_float_holds_becomes_infinite(tmp_path: Path) -> None:
    assert read(tmp_path, e.message(8, e.doubles(1e300)) + e.shape(1)) == [np.inf]


@pytest.mark.parametrize(
    ("payload", "shape"),
    [
        (e.legacy(1, 1, 2, 3) + e.data(*SIX), (1, 1, 2, 3)),
        (e.legacy(1, 3, 2, 1) + e.data(*SIX) + e.shape(6), (1, 3, 2, 1)),
        (e.data(1.0), ()),
        (e.shape(0, 3), (0, 3)),
        (
            e.number(1, 2**32 + 1) + e.legacy(1, 1, 1)[2:] + e.number(4, 1) + e.data(1.0),
            (1, 1, 1, 1),
        ),
    ],
    ids=["legacy", "legacy wins over shape", "scalar", "empty", "int32 wraps"],
)
def test_the_shape_rule(tmp_path: Path, payload: bytes, shape: tuple[int, ...]) -> None:
    path = tmp_path / "blob.binaryproto"
    path.write_bytes(payload)

    assert read_blob(path).shape == shape


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (e.data(*SIX) + e.shape(7), "has the shape (7,) but stores 6 values"),
        (e.data(*SIX), "has the shape () but stores 6 values"),
        (e.number(2, 3) + e.data(*SIX), "has the shape (0, 3, 0, 0) but stores 6 values"),
        (e.data(*SIX) + e.shape(-2, -3), "has the shape (-2, -3) but stores 6 values"),
        (e.shape(2**40, 2**40), f"has the shape {(2**40, 2**40)} but stores 0 values"),
    ],
)
def test_values_that_do_not_fill_the_shape(tmp_path: Path, payload: bytes, message: str) -> None:
    assert message_of(tmp_path, payload) == f"PN402 the blob in `blob.binaryproto` {message}"


@pytest.mark.parametrize(("kind", "name"), [(3, "integers"), (9, "raw_data_type 9")])
def test_values_that_are_no_floats(tmp_path: Path, kind: int, name: str) -> None:
    payload = e.number(10, kind) + e.message(12, bytes(8)) + e.shape(2)

    assert message_of(tmp_path, payload) == (
        f"PN404 the blob in `blob.binaryproto` stores its values as {name}"
    )


def test_half_a_value_is_damage(tmp_path: Path) -> None:
    assert message_of(tmp_path, e.message(5, bytes(7)) + e.shape(1)) == (
        "PN401 `blob.binaryproto` cannot be read as weights: "
        "the values at byte 2 end within a value"
    )


def test_a_file_cut_short_anywhere_is_a_diagnostic(tmp_path: Path) -> None:
    payload = e.data(*SIX) + e.legacy(1, 1, 2, 3)

    codes = {message_of(tmp_path, payload[:size])[:5] for size in range(len(payload))}

    assert codes == {"PN401", "PN402"}


def test_an_image_mean_is_written_as_caffe_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "mean.binaryproto"

    write_blob(path, np.array(SIX, np.float32).reshape(1, 1, 2, 3))

    assert path.read_bytes() == e.legacy(1, 1, 2, 3) + e.data(*SIX)


def test_another_blob_is_written_with_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "mean.binaryproto"

    write_blob(path, np.array(SIX, np.float32).reshape(2, 3))

    assert path.read_bytes() == e.blob((2, 3), *SIX)


@pytest.mark.parametrize("shape", [(), (0, 3), (300,), (1, 2, 3, 4), (2, 1, 1, 1, 2)])
def test_a_blob_reads_back(tmp_path: Path, shape: tuple[int, ...]) -> None:
    blob = np.random.default_rng(1701).standard_normal(shape).astype(np.float32)

    write_blob(tmp_path / "b.binaryproto", blob)

    np.testing.assert_array_equal(read_blob(tmp_path / "b.binaryproto"), blob, strict=True)


def test_a_file_beyond_two_gib_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "blob.binaryproto"
    with path.open("wb") as file:
        file.truncate(faults.BINARY_LIMIT + 1)

    with pytest.raises(DiagnosticError, match="PN403"):
        read_blob(path)
