from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from protonet.diagnostics import DiagnosticError
from protonet.report.log import lines
from protonet.spec.read import read_solver
from protonet.spec.solver import SolverParameter
from protonet.train import events
from protonet.train.check import check
from protonet.train.length import with_max_iter
from protonet.train.solver import Solver
from tests.train.runs import NET, SOLVER, Told, weights, write

ENDLESS = """
layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer {
  name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "x" top: "loss" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solver(fields: str, net: str = NET, **given: object) -> Solver:
    write(Path(), "", net)
    text = SOLVER.replace("max_iter: 10", "") + f'lr_policy: "fixed" {fields}\n'
    return Solver(text, **given)  # pyright: ignore[reportArgumentType] # of whatever a test gives


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ("max_epoch: 1", 163),  # of 1,297 images by 8
        ("max_epoch: 2 iter_size: 2", 163),  # 2,594 by 16
        ("max_epoch: 1 max_iter: 20", 20),
        ("max_epoch: 1 max_iter: 2000", 163),
        ("max_iter: 20", 20),
    ],
)
def test_training_ends_after_epochs_or_iterations(fields: str, end: int) -> None:
    assert solver(fields).max_iter == end


def test_an_epoch_of_several_processes_takes_their_joined_batches() -> None:
    param = SolverParameter(max_epoch=3)

    assert with_max_iter(param, records=10, batch=4).max_iter == 8
    assert with_max_iter(param, records=10, batch=8).max_iter == 4


def test_a_run_of_one_epoch_takes_every_record_once() -> None:
    told = Told()
    run = solver("max_epoch: 1 snapshot_after_train: false", listeners=[told])

    run.solve()

    (begun,) = told.of(events.Solving)
    assert isinstance(begun, events.Solving)
    assert (run.iter, run.net.feed.epochs["data"]) == (163, 1)
    assert [text for _, text in lines(begun)] == [
        "Solving digits",
        "Learning Rate Policy: fixed",
        "Epochs: 1 at most, until iteration 163",
    ]


def test_rates_depend_on_where_the_epochs_end() -> None:
    text = SOLVER.replace("max_iter: 10", 'max_epoch: 1 lr_policy: "poly" power: 1')
    write(Path())

    run = Solver(text)
    run.step(2)

    assert run.lr == pytest.approx(0.05 * (1 - 1 / 163))


def test_data_without_an_end_have_no_epochs() -> None:
    with pytest.raises(DiagnosticError, match=r"PN535.*the data of the net have no end") as raised:
        solver("max_epoch: 1", ENDLESS)

    assert raised.value.diagnostics[0].labels


def test_a_test_on_all_data_needs_data_that_end() -> None:
    with pytest.raises(DiagnosticError, match="PN535"):
        solver("max_iter: 1 test_iter: -1 test_interval: 1", ENDLESS)


@pytest.mark.parametrize("batch", [50, 47])
def test_a_test_takes_the_whole_set_however_it_is_cut(batch: int) -> None:
    tested = "max_iter: 1 test_iter: -1 test_interval: 1 test_compute_loss: true"
    cut, whole = Told(), Told()

    solver(tested, NET.replace("batch_size: 50", f"batch_size: {batch}"), listeners=[cut]).solve()
    solver(tested, NET.replace("batch_size: 50", "batch_size: 500"), listeners=[whole]).solve()

    found, expected = cut.of(events.Tested), whole.of(events.Tested)
    assert len(found) == len(expected) == 2
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, events.Tested)
        assert isinstance(other, events.Tested)
        assert [o.value for o in one.outputs] == pytest.approx([o.value for o in other.outputs])
        assert one.loss == pytest.approx(other.loss)


@pytest.mark.parametrize("net", [NET, NET.replace("batch_size: 8", "batch_size: 8 shuffle: true")])
def test_a_resumed_run_goes_on_in_the_same_order(net: str, folder: Path) -> None:
    tested = "max_epoch: 1 test_iter: -1 test_interval: 50 snapshot: 160"
    one = solver(tested, net)
    one.solve()
    other = solver(tested, net)
    other.solve("run_iter_160.solverstate")

    assert other.iter == one.iter == 163
    assert weights(other) == weights(one)


def test_a_solver_takes_data_sets() -> None:
    images = torch.from_numpy(np.eye(10, dtype=np.float32).repeat(3, axis=0)).reshape(30, 10, 1, 1)
    labels = torch.arange(30) // 3
    pairs = TensorDataset(images, labels)
    net = NET.replace("transform_param { scale: 0.00390625 }", "").replace(
        "batch_size: 8", "batch_size: 8 shuffle: true"
    )
    fields = "max_epoch: 30 test_iter: -1 test_interval: 1000"
    run = solver(fields, net, data={"train": pairs, "test": pairs})

    run.solve()

    assert run.max_iter == 113
    assert float(run.test()[0]["accuracy"]) == 1.0


def test_data_that_no_net_of_the_solver_reads_are_refused() -> None:
    with pytest.raises(DiagnosticError, match=r"PN530.*data are given for `test`, and no net"):
        solver("max_iter: 1", data={"test": [(np.zeros((1, 28, 28)), 0)]})


def test_a_solver_without_a_length_is_warned_of() -> None:
    told = Told()

    solver("", listeners=[told])

    (warned,) = told.of(events.Warned)
    assert isinstance(warned, events.Warned)
    assert warned.diagnostic.code == "PN656"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            "max_iter: 1 test_iter: -2 test_interval: 1",
            "`test_iter` is -2; it cannot be less than -1",
        ),
        ("max_epoch: -1", "`max_epoch` is -1; it cannot be less than 0"),
        (
            'max_epoch: 1 max_iter: 0 lr_policy: "cosine"',
            "the policy `cosine` needs a `max_iter` above 0; it is 0",
        ),
    ],
)
def test_numbers_that_mean_nothing_are_refused(fields: str, told: str) -> None:
    text = SOLVER.replace("max_iter: 10", "")
    policy = "" if "lr_policy" in fields else 'lr_policy: "fixed"'

    (problem,) = check(read_solver(f"{text} {policy} {fields}\n"))

    assert problem.message == told
