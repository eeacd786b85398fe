from pathlib import Path

import numpy as np
import torch

from protonet.spec.solver import SolverParameter
from protonet.train import snapshot
from protonet.train.snapshot import Arrays, SnapshotNames


def prefix(said: str | None, path: str | None) -> str:
    fields = {} if said is None else {"snapshot_prefix": said}
    solver = SolverParameter.model_validate(fields)
    return snapshot.prefix(solver, None if path is None else Path(path))


def test_names_are_those_of_caffe() -> None:
    assert snapshot.names("a/run", 500, hdf5=False) == SnapshotNames(
        "a/run_iter_500.caffemodel", "a/run_iter_500.solverstate", "a/run_iter_500.resume"
    )
    assert snapshot.names("run", 0, hdf5=True) == SnapshotNames(
        "run_iter_0.caffemodel.h5", "run_iter_0.solverstate.h5", "run_iter_0.resume"
    )


def test_prefix_is_taken_as_it_is() -> None:
    assert prefix("out/run.1", "solvers/lenet.prototxt") == "out/run.1"


def test_missing_prefix_is_the_solvers_name() -> None:
    assert prefix(None, "solvers/lenet.prototxt") == "solvers/lenet"


def test_prefix_that_is_a_folder_gets_the_solvers_name(tmp_path: Path) -> None:
    assert prefix(str(tmp_path), "solvers/lenet.prototxt") == str(tmp_path / "lenet")


def test_solver_without_a_file_has_a_prefix_too(tmp_path: Path) -> None:
    assert prefix(None, None) == "snapshot"
    assert prefix(str(tmp_path), None) == str(tmp_path / "snapshot")


def test_resume_file_is_beside_the_state() -> None:
    assert snapshot.resume_of(Path("a/run_iter_5.solverstate")) == Path("a/run_iter_5.resume")
    assert snapshot.resume_of(Path("a/run_iter_5.solverstate.h5")) == Path("a/run_iter_5.resume")


def test_arrays_are_in_c_order_and_share_memory_where_they_can() -> None:
    plain = torch.arange(6.0).reshape(2, 3)
    turned = plain.t()
    arrays = Arrays([plain, turned])

    assert len(arrays) == 2
    assert np.shares_memory(arrays[0], plain.numpy())
    assert arrays[1].flags.c_contiguous
    np.testing.assert_array_equal(arrays[1:][0], turned.numpy())
