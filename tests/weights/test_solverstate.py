from pathlib import Path

import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights.solverstate import SolverSnapshot, read_solverstate, write_solverstate
from tests.weights import encoding as e

HISTORY = (np.array([[1, 2]], np.float32), np.array([3], np.float32))
SNAPSHOT = SolverSnapshot(500, "a_iter_500.caffemodel", 2, HISTORY)
STATE = (
    e.number(1, 500)
    + e.text(2, "a_iter_500.caffemodel")
    + e.message(3, e.blob((1, 2), 1, 2))
    + e.message(3, e.blob((1,), 3))
    + e.number(4, 2)
)


def message_of(path: Path) -> str:
    with pytest.raises(DiagnosticError) as caught:
        read_solverstate(path)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}"


def test_a_state_is_written_as_caffe_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.solverstate"

    write_solverstate(path, SNAPSHOT)

    assert path.read_bytes() == STATE


def test_a_state_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.solverstate"
    path.write_bytes(STATE + e.text(99, "of a fork"))

    state = read_solverstate(path)

    assert (state.iter, state.learned_net, state.current_step) == (500, "a_iter_500.caffemodel", 2)
    for mine, theirs in zip(HISTORY, state.history, strict=True):
        np.testing.assert_array_equal(mine, theirs, strict=True)


@pytest.mark.parametrize("data", [e.text(1, "lenet"), e.layer("ip", "InnerProduct")])
def test_weights_are_no_state(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.caffemodel"
    path.write_bytes(data)

    assert message_of(path) == (
        "PN401 `a.caffemodel` cannot be read as weights: it is a net, and no solver state"
    )


def test_a_blob_that_is_damaged_is_told_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.solverstate"
    path.write_bytes(STATE + e.message(3, e.blob((5,), 1)))

    assert message_of(path) == "PN402 history blob 2 has the shape (5,) but stores 1 value"


def test_a_state_cut_short_within_a_field_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "a.solverstate"
    blobs = STATE.index(b"\x1a")
    path.write_bytes(STATE[: blobs + 9])

    assert message_of(path) == (
        "PN401 `a.solverstate` cannot be read as weights: "
        "the field at byte 26 ends at byte 44, 9 past the end"
    )
