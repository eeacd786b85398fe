from collections.abc import Callable
from pathlib import Path
from typing import cast

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights.hdf5 import read_hdf5, write_hdf5
from protonet.weights.solverstate import SolverSnapshot, read_solverstate, write_solverstate
from protonet.weights.stored import FileBlob, StoredLayers

RNG = np.random.default_rng(1701)
WEIGHT = RNG.random((4, 3), np.float32)
BIAS = RNG.random((4,), np.float32)


def values(stored: StoredLayers) -> dict[str, dict[int, object]]:
    return {
        layer.name: {i: blob.array().tolist() for i, blob in layer.blobs.items()}
        for layer in stored.layers
    }


def message_of(path: Path) -> str:
    with pytest.raises(DiagnosticError) as caught:
        read_hdf5(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.file == str(path)
    return f"{diagnostic.code} {diagnostic.message}"


def state_message_of(path: Path) -> str:
    with pytest.raises(DiagnosticError) as caught:
        read_solverstate(path)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}"


def test_weights_read_back(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"

    write_hdf5(path, [("data", {}), ("ip", {0: WEIGHT, 1: BIAS}), ("shared", {1: BIAS})])
    stored = read_hdf5(path)

    assert stored.owners_only
    assert values(stored) == {
        "data": {},
        "ip": {0: WEIGHT.tolist(), 1: BIAS.tolist()},
        "shared": {1: BIAS.tolist()},
    }


def test_values_in_one_piece_are_not_read_before_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    write_hdf5(path, [("ip", {0: WEIGHT})])

    (layer,) = read_hdf5(path).layers

    assert isinstance(layer.blobs[0], FileBlob)


def test_a_layer_may_have_slashes_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"

    write_hdf5(path, [("inception/1x1", {0: BIAS}), ("inception/3x3", {0: BIAS})])

    assert values(read_hdf5(path)) == {
        "inception/1x1": {0: BIAS.tolist()},
        "inception/3x3": {0: BIAS.tolist()},
    }


def test_a_layer_may_have_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"

    write_hdf5(path, [("caf\udce9/\udcff", {0: BIAS}), ("caf\udce9", {0: WEIGHT})])

    assert values(read_hdf5(path)) == {
        "caf\udce9/\udcff": {0: BIAS.tolist()},
        "caf\udce9": {0: WEIGHT.tolist()},
    }
    with h5py.File(path) as root:
        assert isinstance(root[b"data/caf\xe9/\xff/0"], h5py.Dataset)


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2", "<i4"])
def test_other_numbers_are_read_as_floats(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root["data/ip/0"] = np.array([[1, 2], [3, 4]], dtype)

    assert values(read_hdf5(path)) == {"ip": {0: [[1.0, 2.0], [3.0, 4.0]]}}


def test_compressed_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root.create_dataset("data/ip/0", data=WEIGHT, compression="gzip")

    assert values(read_hdf5(path)) == {"ip": {0: WEIGHT.tolist()}}


def test_a_blob_without_values_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root["data/ip/0"] = np.zeros((0, 3), np.float32)

    assert values(read_hdf5(path)) == {"ip": {0: []}}


def test_a_shape_that_was_never_stored_is_not_allocated(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root.create_dataset("data/ip/0", shape=(2**20, 2**20), dtype="<f4")

    assert message_of(path) == (
        "PN402 blob 0 of layer `ip` has the shape (1048576, 1048576) but stores 0 values"
    )


def test_text_is_no_blob(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root["data/ip/0"] = "weights"

    assert message_of(path) == "PN404 blob 0 of layer `ip` stores its values as HDF5 `object`"


def test_values_of_another_file_are_not_read(tmp_path: Path) -> None:
    path, other = tmp_path / "m.caffemodel.h5", tmp_path / "secret"
    other.write_bytes(bytes(16))
    with h5py.File(path, "w") as root:
        root.create_dataset("data/ip/0", (4,), "<f4", external=[(str(other), 0, 16)])

    assert message_of(path) == "PN404 blob 0 of layer `ip` stores its values as HDF5 `float32`"


@pytest.mark.parametrize("link", [h5py.SoftLink("/x"), h5py.ExternalLink("other.h5", "/x")])
def test_links_are_not_followed(tmp_path: Path, link: h5py.SoftLink | h5py.ExternalLink) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root["x"] = BIAS
        root["data/ip/0"] = link

    assert message_of(path) == (
        "PN401 `m.caffemodel.h5` cannot be read as weights: it has no `0` of its own in `/data/ip`"
    )


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("weights/ip/0", "it has no `data` of its own in `/`"),
        ("data", "its `data` is no group"),
        ("data/0", "`/data/0` is no layer's blob"),
        ("data/ip/weight", "`/data/ip/weight` is no layer's blob"),
    ],
)
def test_a_file_of_other_things(tmp_path: Path, key: str, reason: str) -> None:
    path = tmp_path / "m.caffemodel.h5"
    with h5py.File(path, "w") as root:
        root[key] = BIAS

    assert message_of(path) == f"PN401 `m.caffemodel.h5` cannot be read as weights: {reason}"


def test_a_file_cut_short_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "m.caffemodel.h5"
    write_hdf5(path, [("ip", {0: WEIGHT, 1: BIAS})])
    data = path.read_bytes()

    for size in range(0, len(data) - 8, 97):
        path.write_bytes(data[:size])
        assert message_of(path).startswith("PN401 `m.caffemodel.h5` cannot be read as weights:")


def test_a_solver_state_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "s.solverstate.h5"

    write_solverstate(path, SolverSnapshot(7, "run/café_iter_7.caffemodel.h5", 2, (WEIGHT, BIAS)))
    state = read_solverstate(path)

    assert (state.iter, state.learned_net, state.current_step) == (
        7,
        "run/café_iter_7.caffemodel.h5",
        2,
    )
    for mine, theirs in zip((WEIGHT, BIAS), state.history, strict=True):
        np.testing.assert_array_equal(mine, theirs, strict=True)


def test_a_solver_state_is_laid_out_as_caffe_does(tmp_path: Path) -> None:
    path = tmp_path / "s.solverstate.h5"

    write_solverstate(path, SolverSnapshot(7, "a.caffemodel.h5", 2, [BIAS] * 12))

    with h5py.File(path, "r") as root:
        keys = ("iter", "learned_net", "current_step", "history/11")
        found = [cast("h5py.Dataset", root[key]) for key in keys]
        layout = [(str(cast("object", d.dtype)), cast("object", d.shape)) for d in found]
    # The text is one longer than the name: it ends with a zero, as in C.
    assert layout == [("int32", (1,)), ("|S16", ()), ("int32", (1,)), ("float32", (4,))]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("iter", "seven", "its `iter` is no integer"),
        ("iter", np.zeros((2, 2), np.int32), "its `iter` is no integer"),
        ("learned_net", 3, "its `learned_net` is no text"),
        ("history", 3, "its `history` is no group"),
        ("history/0/x", BIAS, "its `0` is no dataset"),
        ("history/1", BIAS, "it has no `0` of its own in `/history`"),
    ],
)
def test_a_solver_state_that_is_none(tmp_path: Path, key: str, value: object, reason: str) -> None:
    path = tmp_path / "s.solverstate.h5"
    write_solverstate(path, SolverSnapshot(7, "a.caffemodel.h5", 2, ()))
    with h5py.File(path, "r+") as root:
        if key in root:
            del root[key]
        root[key] = value

    assert state_message_of(path) == (
        f"PN401 `s.solverstate.h5` cannot be read as weights: {reason}"
    )


def write_weights(path: Path) -> None:
    write_hdf5(path, [])


def write_state(path: Path) -> None:
    write_solverstate(path, SolverSnapshot(0, "", 0, ()))


@pytest.mark.parametrize("write", [write_weights, write_state])
def test_a_folder_that_is_not_there_is_a_diagnostic(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "nowhere" / "a.h5"

    with pytest.raises(DiagnosticError, match="PN408"):
        write(path)
