"""`snapshot_diff`: the last update, beside the weights in a snapshot."""

from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from protonet.message import wire
from protonet.spec.net import NetParameter
from protonet.train.solver import Solver
from tests.train.runs import NET, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def binary(path: Path) -> list[NDArray[np.float64]]:
    net = wire.decode(path.read_bytes(), NetParameter)
    (layer,) = (layer for layer in net.layer if layer.name == "ip")
    assert [len(blob.diff) for blob in layer.blobs] == [len(blob.data) for blob in layer.blobs]
    return [np.array(blob.diff) for blob in layer.blobs]


def hdf5(path: Path) -> list[NDArray[np.float64]]:
    with h5py.File(path) as root:
        return [np.asarray(root[f"diff/ip/{at}"]).ravel() for at in range(2)]


@pytest.mark.parametrize("form", ["BINARYPROTO", "HDF5"])
def test_diff_is_what_the_last_update_subtracted(folder: Path, form: str) -> None:
    solver = Solver(write(folder, f"snapshot_diff: true snapshot_format: {form}"))
    solver.step(2)
    before = [blob.tensor.detach().clone() for blob in solver.net.learnables]
    solver.step(1)
    name, _ = solver.snapshot()

    found = binary(Path(name)) if form == "BINARYPROTO" else hdf5(Path(name))

    for diff, old, blob in zip(found, before, solver.net.learnables, strict=True):
        np.testing.assert_allclose(diff, (old - blob.tensor.detach()).numpy().ravel())
        assert np.abs(diff).max() > 0


def test_a_layer_that_shares_a_blob_in_another_shape_has_its_diff(folder: Path) -> None:
    net = NET.replace("param { lr_mult: 1 }", 'param { name: "w" }') + (
        'layer { name: "other" type: "InnerProduct" bottom: "ip" top: "other"\n'
        '  param { name: "w" share_mode: PERMISSIVE } inner_product_param { num_output: 784 } }\n'
        'layer { name: "silence" type: "Silence" bottom: "other" }\n'
    )
    solver = Solver(write(folder, "snapshot_diff: true", net))
    solver.step(1)
    name, _ = solver.snapshot()

    layers = wire.decode(Path(name).read_bytes(), NetParameter).layer

    first, second = (layer.blobs[0].diff for layer in layers if layer.name in {"ip", "other"})
    assert first == second


def test_before_the_first_update_diffs_are_0(folder: Path) -> None:
    name, _ = Solver(write(folder, "snapshot_diff: true")).snapshot()

    assert [np.abs(diff).max() for diff in binary(Path(name))] == [0, 0]


def test_weights_are_read_from_a_snapshot_with_diffs(folder: Path) -> None:
    solver = Solver(write(folder, "snapshot_diff: true"))
    solver.step(2)
    _, state = solver.snapshot()
    other = Solver(write(folder))
    other.restore(state)

    for mine, theirs in zip(other.net.learnables, solver.net.learnables, strict=True):
        assert torch.equal(mine.tensor, theirs.tensor)


def test_without_it_there_are_no_diffs(folder: Path) -> None:
    name, _ = Solver(write(folder)).snapshot()
    net = wire.decode(Path(name).read_bytes(), NetParameter)

    assert [blob.diff for layer in net.layer for blob in layer.blobs] == [(), ()]
