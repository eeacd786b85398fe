"""What TensorBoard is given."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # pyright: ignore[reportMissingTypeStubs] # it has none

from protonet.diagnostics import DiagnosticError
from protonet.report.tensorboard import TensorBoard
from protonet.train.solver import Solver
from tests.train.runs import NET, write

FIELDS = "max_iter: 4 display: 2 test_iter: 2 test_interval: 4 snapshot_after_train: false"


def trained(folder: Path, net: str = NET, embed: str | None = None, fields: str = FIELDS) -> Solver:
    board = TensorBoard(folder / "board", embed)
    path = write(folder, net=net)
    path.write_text(path.read_text().replace("max_iter: 10", fields))
    solver = Solver(path, callbacks=[board])
    solver.solve()
    board.close()
    return solver


def read(folder: Path) -> Any:
    found = cast("Any", EventAccumulator(str(folder / "board"), {"histograms": 0}))
    found.Reload()
    return found


def test_curves_norms_and_histograms_are_written_at_each_display(tmp_path: Path) -> None:
    trained(tmp_path)

    tags = read(tmp_path).Tags()
    assert sorted(tags["scalars"]) == [
        "gradient norm/ip/0",
        "gradient norm/ip/1",
        "loss",
        "norm/ip/0",
        "norm/ip/1",
        "rate",
        "test/accuracy",
        "test/loss",
        "train/loss",
    ]
    assert sorted(tags["histograms"]) == [
        "blob/ip/0",
        "blob/ip/1",
        "gradient/ip/0",
        "gradient/ip/1",
    ]
    assert [one.step for one in read(tmp_path).Scalars("norm/ip/0")] == [0, 2]


def test_names_that_are_no_utf8_have_question_marks(tmp_path: Path) -> None:
    names = {
        '"ip"': r'"ip\351"',
        'top: "loss"': r'top: "loss\351"',
        'name: "loss"': r'name: "l\351"',
    }
    net = NET
    for name, other in names.items():
        net = net.replace(name, other)

    trained(tmp_path, net, embed="ip\udce9")

    board = read(tmp_path)
    assert {"norm/ip\ufffd/0", "test/loss\ufffd"} < set(board.Tags()["scalars"])
    assert [node.name for node in board.Graph().node][2:] == ["ip\ufffd", "l\ufffd"]


def test_the_graph_has_the_layers(tmp_path: Path) -> None:
    trained(tmp_path)

    nodes = read(tmp_path).Graph().node
    assert [(node.name, node.op, list(node.input)) for node in nodes] == [
        ("data", "Data", []),
        ("drop", "Dropout", ["data"]),
        ("ip", "InnerProduct", ["drop"]),
        ("loss", "SoftmaxWithLoss", ["ip", "data"]),
    ]


def test_the_first_images_are_shown(tmp_path: Path) -> None:
    trained(tmp_path)

    (image,) = read(tmp_path).Images("input")
    assert image.height * image.width >= 8 * 28 * 28  # a grid of the batch


def test_a_blob_of_the_test_net_is_embedded_with_its_labels(tmp_path: Path) -> None:
    trained(tmp_path, embed="ip")

    (table,) = (tmp_path / "board").rglob("tensors.tsv")
    (labels,) = (tmp_path / "board").rglob("metadata.tsv")
    assert np.loadtxt(table).shape == (1000, 10)
    assert sorted(set(labels.read_text().split())) == [str(digit) for digit in range(10)]


def test_watching_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    watched = trained(tmp_path / "a", embed="ip")
    alone = Solver(tmp_path / "a" / "solver.prototxt")
    alone.solve()

    assert [blob.tensor.tolist() for blob in watched.net.learnables] == [
        blob.tensor.tolist() for blob in alone.net.learnables
    ]


def test_a_net_without_images_or_tests_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    net = """
    layer { name: "d" type: "DummyData" top: "x"
      dummy_data_param { shape { dim: 300 dim: 4 } data_filler { type: "gaussian" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" param { lr_mult: 0 }
      inner_product_param { num_output: 2 } }
    layer { name: "r" type: "Reduction" bottom: "ip" top: "r" loss_weight: 1 }
    """
    trained(tmp_path, net, embed="ip", fields="max_iter: 1 display: 1 snapshot_after_train: false")

    tags = read(tmp_path).Tags()
    assert tags["images"] == []
    assert "gradient norm/ip/0" not in tags["scalars"]
    assert list((tmp_path / "board").rglob("metadata.tsv")) == []


def test_a_blob_that_no_net_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN647.*no blob `ipp` to embed"):
        trained(tmp_path, embed="ipp")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DiagnosticError, match="PN408"):
        TensorBoard(tmp_path / "file" / "board")
