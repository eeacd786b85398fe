"""Damaged `.resume` files: the run goes on as from the start of the data, or as it should."""

from pathlib import Path

import pytest

from protonet.train import events
from protonet.train.resume import Position
from protonet.train.solver import Solver
from tests.damage import faults_of, little_memory, pieces
from tests.train.runs import Told, write


def test_a_damaged_resume_file_is_told_and_nothing_of_it_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, "snapshot: 2")
    Solver(path).step(2)
    told = Told()
    solver = Solver(path, listeners=[told])
    beside = tmp_path / "run_iter_2.resume"
    data = beside.read_bytes()
    start = Position.of([solver.net])

    with little_memory():
        for damage in pieces(data):
            told.events.clear()
            beside.write_bytes(damage)
            assert not faults_of(lambda: solver.restore("run_iter_2.solverstate"))

            (warned,) = (e.diagnostic for e in told.events if isinstance(e, events.Warned))
            assert (warned.code, warned.file) == ("PN611", "run_iter_2.resume")
            assert Position.of([solver.net]) == start
    beside.write_bytes(data)
    solver.restore("run_iter_2.solverstate")

    assert Position.of([solver.net]) != start
