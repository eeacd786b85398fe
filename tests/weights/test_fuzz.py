"""Damaged files: a diagnostic or a net that was loaded whole, nothing between."""

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.weights.binaryproto import read_blob, write_blob
from protonet.weights.load import load_weights, save_weights
from protonet.weights.solverstate import read_solverstate, write_solverstate
from tests.damage import faults_of, little_memory, pieces
from tests.weights.nets import Blobs, net_of
from tests.weights.test_solverstate import SNAPSHOT


@pytest.fixture(autouse=True)
def _memory() -> Generator[None]:
    with little_memory():
        yield


def fresh() -> Blobs:
    return net_of(ip1=[(3, 4), (3,)], ip2=[(2, 3), (2,)])


def trained() -> Blobs:
    net = fresh()
    for blob in (blob for blobs in net.params.values() for blob in blobs):
        torch.nn.init.normal_(blob, generator=torch.Generator().manual_seed(1701))
    return net


def old_torch(net: Blobs, path: Path) -> None:
    """What torch wrote until 2020."""
    state = {
        f"{layer}.{'weight' if blob.dim() > 1 else 'bias'}": blob
        for layer, blobs in net.params.items()
        for blob in blobs
    }
    torch.save(state, path, _use_new_zipfile_serialization=False)


WRITERS: dict[str, Callable[[Blobs, Path], None]] = {
    **dict.fromkeys((".caffemodel", ".h5", ".pth", ".safetensors", ".npz"), save_weights),
    ".old.pth": old_torch,
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("by_order", [False, True])
def test_a_damaged_file_is_a_diagnostic_or_loaded_whole(
    tmp_path: Path, suffix: str, by_order: bool
) -> None:
    path = tmp_path / f"m{suffix}"
    WRITERS[suffix](trained(), path)

    for data in list(pieces(path.read_bytes()))[by_order::2]:
        path.write_bytes(data)
        net = fresh()
        found = faults_of(partial(load_weights, net, path, by_order=by_order))
        assert all(diagnostic.file == str(path) for diagnostic in found)
        assert not found or net.values() == fresh().values()


@pytest.mark.parametrize("suffix", [".solverstate", ".solverstate.h5"])
def test_a_damaged_solver_state_is_a_diagnostic_or_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"s{suffix}"
    write_solverstate(path, SNAPSHOT)

    for data in pieces(path.read_bytes()):
        path.write_bytes(data)
        found = faults_of(partial(read_solverstate, path))
        assert all(diagnostic.file == str(path) for diagnostic in found)


@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (7,)])
def test_a_damaged_mean_is_a_diagnostic_or_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "mean.binaryproto"
    write_blob(path, np.arange(np.prod(shape), dtype=np.float32).reshape(shape))

    for data in list(pieces(path.read_bytes()))[len(shape) % 2 :: 2]:
        path.write_bytes(data)
        found = faults_of(partial(read_blob, path))
        assert all(diagnostic.file == str(path) for diagnostic in found)
