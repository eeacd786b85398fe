import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.message import wire
from protonet.spec.net import LayerParameter, NetParameter
from protonet.weights import faults
from protonet.weights.caffemodel import LayerRecord, read_caffemodel, write_caffemodel
from protonet.weights.stored import CHUNK, StoredLayers
from tests.weights import encoding as e

WEIGHT = e.blob((2, 3), 1, 2, 3, 4, 5, 6)
BIAS = e.blob((2,), 7, 8)
VALUES = [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0]]


def read(folder: Path, data: bytes) -> StoredLayers:
    path = folder / "m.caffemodel"
    path.write_bytes(data)
    return read_caffemodel(path)


def values(stored: StoredLayers) -> list[tuple[str, str, list[object]]]:
    return [
        (layer.name, layer.type, [blob.array().tolist() for blob in layer.blobs.values()])
        for layer in stored.layers
    ]


def message_of(folder: Path, data: bytes) -> str:
    with pytest.raises(DiagnosticError) as caught:
        read(folder, data)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}"


def header(**fields: object) -> bytes:
    return wire.encode(LayerParameter.of(fields))


def test_a_model_of_today(tmp_path: Path) -> None:
    stored = read(
        tmp_path,
        e.text(1, "lenet") + e.layer("data", "Input") + e.layer("ip", "InnerProduct", WEIGHT, BIAS),
    )

    assert stored.name == "lenet"
    assert values(stored) == [("data", "Input", []), ("ip", "InnerProduct", VALUES)]
    assert [blob.legacy for blob in stored.layers[1].blobs.values()] == [False, False]


def test_a_v1_model(tmp_path: Path) -> None:
    stored = read(tmp_path, e.v1_layer("relu", 18) + e.v1_layer("ip", 14, WEIGHT, BIAS))

    assert values(stored) == [("relu", "ReLU", []), ("ip", "InnerProduct", VALUES)]


def test_a_type_that_v1_does_not_know_stays_a_number(tmp_path: Path) -> None:
    assert values(read(tmp_path, e.v1_layer("x", 77))) == [("x", "77", [])]


def test_a_v0_model_has_four_numbers_for_a_shape(tmp_path: Path) -> None:
    bias = e.legacy(1, 1, 1, 2) + e.data(7, 8)

    stored = read(tmp_path, e.v0_layer("ip", "innerproduct", WEIGHT, bias))

    assert values(stored) == [("ip", "innerproduct", [VALUES[0], [[[[7.0, 8.0]]]]])]
    assert [blob.legacy for blob in stored.layers[0].blobs.values()] == [False, True]


def test_what_forks_add_is_passed_over(tmp_path: Path) -> None:
    odd = e.number(3, 1) + e.text(9999, "x") + b"\x65" + bytes(4)  # layer as a number of 4 bytes
    inner = e.message(100, odd, e.text(1, "ip"), e.message(7, WEIGHT, e.number(99, 1)), odd)
    v1 = e.message(2, odd, e.text(4, "ip"), e.message(1, odd, e.text(1, "a"), odd), odd)

    assert values(read(tmp_path, odd + inner + odd)) == [("ip", "", [VALUES[0]])]
    assert values(read(tmp_path, odd + v1)) == [("a", "", [])]


def test_a_layer_may_say_its_name_last(tmp_path: Path) -> None:
    data = e.message(100, e.message(7, e.shape(3)), e.text(1, "late"))

    assert message_of(tmp_path, data) == (
        "PN402 blob 0 of layer `late` has the shape (3,) but stores 0 values"
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (e.text(1, "net"), "it holds no layers"),
        (e.number(1, 500) + e.text(2, "a.caffemodel"), "it begins as a solver state does"),
        (
            e.layer("a", "ReLU") + e.v1_layer("b", 18),
            "it has both `layer` and `layers`, which Caffe refuses",
        ),
        (b"net: 'lenet'", "there is no field at byte 0"),
        (b"\x89PNG\r\n\x1a\n", "the field at byte 0 ends at byte 10, 2 past the end"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, data: bytes, reason: str) -> None:
    assert message_of(tmp_path, data) == (
        f"PN401 `m.caffemodel` cannot be read as weights: {reason}"
    )


def test_a_model_cut_short_anywhere_but_between_layers_is_a_diagnostic(tmp_path: Path) -> None:
    layers = [e.layer("ip", "InnerProduct", WEIGHT, BIAS), e.layer("ip2", "InnerProduct", WEIGHT)]
    data = e.text(1, "net") + b"".join(layers)
    whole = len(data) - len(layers[1])

    codes = [message_of(tmp_path, data[:size])[:5] for size in range(len(data)) if size != whole]

    assert set(codes) == {"PN401"}


def test_a_model_beyond_two_gib_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel"
    with path.open("wb") as file:
        file.truncate(faults.BINARY_LIMIT + 1)

    with pytest.raises(DiagnosticError) as caught:
        read_caffemodel(path)

    assert str(caught.value) == (
        "error[PN403]: 2,147,483,648 bytes are more than the 2 GiB that a binary file of Caffe may"
        f" hold\n --> {path}\n"
        "  = help: use `.caffemodel.h5` (`snapshot_format: HDF5`) or `.safetensors`"
    )


@pytest.mark.parametrize("name", ["nowhere.caffemodel", "."])
def test_a_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(DiagnosticError, match="PN021"):
        read_caffemodel(tmp_path / name)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(DiagnosticError, match="PN021"):
        read_caffemodel(tmp_path / "pipe")


def test_values_are_read_from_the_file_that_was_opened(tmp_path: Path) -> None:
    stored = read(tmp_path, e.layer("ip", "InnerProduct", WEIGHT, BIAS))
    other = tmp_path / "other"
    other.write_bytes(b"something else")
    other.replace(stored.path)

    assert values(stored) == [("ip", "InnerProduct", VALUES)]


def test_a_file_that_became_shorter_is_a_diagnostic(tmp_path: Path) -> None:
    stored = read(tmp_path, e.layer("ip", "InnerProduct", WEIGHT, BIAS))
    with stored.path.open("r+b") as file:
        file.truncate(40)

    with pytest.raises(DiagnosticError, match=r"PN401.*it ends before byte 49"):
        values(stored)


def test_blobs_of_many_chunks_are_read_by_several_threads(tmp_path: Path) -> None:
    rng = np.random.default_rng(1701)
    blobs = [rng.random(2 * CHUNK + 5, np.float32), rng.random(7, np.float32)]
    write_caffemodel(tmp_path / "m.caffemodel", "", [LayerRecord(header(name="big"), blobs)])

    (layer,) = read_caffemodel(tmp_path / "m.caffemodel").layers

    for index, blob in enumerate(blobs):
        np.testing.assert_array_equal(layer.blobs[index].array(), blob, strict=True)


def test_what_is_written_is_what_protobuf_reads(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel"
    fields = {
        "name": "ip",
        "type": "InnerProduct",
        "bottom": ("data",),
        "top": ("ip",),
        "loss_weight": (0.5,),
        "phase": 1,
    }
    blobs = [np.arange(6, dtype=np.float32).reshape(2, 3), np.full((), 3, np.float32)]

    write_caffemodel(path, "café", [LayerRecord(header(**fields), blobs)])

    net = wire.decode(path.read_bytes(), NetParameter)
    (layer,) = net.layer
    assert net.name == "café"
    assert wire.encode(layer.model_copy(update={"blobs": ()})) == header(**fields)
    assert [blob.data for blob in layer.blobs] == [(0, 1, 2, 3, 4, 5), (3,)]
    assert [blob.shape and blob.shape.dim for blob in layer.blobs] == [(2, 3), None]


def test_fields_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel"
    kept = e.text(1, "ip") + e.text(2, "InnerProduct")

    write_caffemodel(
        path,
        "net",
        [
            LayerRecord(
                kept + e.message(7, b"old") + e.number(10, 1), [np.array([7, 8], np.float32)]
            )
        ],
    )

    assert path.read_bytes() == (
        e.text(1, "net") + e.message(100, kept, e.message(7, BIAS), e.number(10, 1))
    )


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2"])
def test_other_arrays_are_written_as_floats(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "m.caffemodel"
    blob = np.array([[1, 2], [3, 4]], dtype)[:, ::-1]

    write_caffemodel(path, "", [LayerRecord(header(name="a"), [blob])])

    assert values(read_caffemodel(path)) == [("a", "", [[[2.0, 1.0], [4.0, 3.0]]])]


def test_a_model_beyond_two_gib_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.caffemodel"
    path.write_text("the old one")
    monkeypatch.setattr(faults, "BINARY_LIMIT", 1000)

    with pytest.raises(DiagnosticError, match="PN403") as caught:
        write_caffemodel(path, "", [LayerRecord(header(name="a"), [np.zeros(300, np.float32)])])

    assert caught.value.diagnostics[0].file == str(path)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["the old one"]


def test_reading_imports_neither_torch_nor_numpy(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel"
    path.write_bytes(e.layer("ip", "InnerProduct", WEIGHT, BIAS))
    code = (
        "import sys; from protonet.weights.caffemodel import read_caffemodel;"
        f"read_caffemodel({str(path)!r}); print(*{{'torch', 'numpy', 'h5py'}} & {{*sys.modules}})"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"
