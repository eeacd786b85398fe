"""Where validation data come from."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.spec.read import read_solver
from protonet.train.sweep.holdout import held_out
from tests.train.runs import write

IMAGES = """
layer {
  name: "train" type: "ImageData" top: "data" top: "label" include { phase: TRAIN }
  image_data_param { source: "train.txt" root_folder: "images/" batch_size: 4 }
}
layer {
  name: "test" type: "ImageData" top: "data" top: "label" include { phase: TEST }
  image_data_param { source: "test.txt" batch_size: 2 }
}
"""
DATABASES = """
layer {
  name: "train" type: "Data" top: "data" include { phase: TRAIN }
  data_param { source: "train_lmdb" backend: LMDB batch_size: 4 }
}
layer {
  name: "test" type: "Data" top: "data" include { phase: TEST }
  data_param { source: "test_leveldb" batch_size: 2 }
}
"""


def settings(folder: Path, net: str, fields: str = "test_iter: 1 test_interval: 5") -> list[str]:
    return [str(one) for one in held_out(read_solver(write(folder, fields, net)))]


def refusals(folder: Path, net: str, fields: str = "test_iter: 1 test_interval: 5") -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        settings(folder, net, fields)
    assert {problem.code for problem in caught.value.diagnostics} == {"PN697"}
    return [problem.message for problem in caught.value.diagnostics]


def test_a_list_is_found_beside_its_net(tmp_path: Path) -> None:
    (tmp_path / "train.txt").touch()

    assert settings(tmp_path, IMAGES) == [
        f'layer.test.image_data_param.source="{tmp_path / "train.txt"}"',
        'layer.test.image_data_param.root_folder="images/"',
    ]


def test_a_database_takes_its_backend_along(tmp_path: Path) -> None:
    assert settings(tmp_path, DATABASES) == [
        'layer.test.data_param.source="train_lmdb"',
        "layer.test.data_param.backend=LMDB",
    ]


def test_one_layer_for_both_phases_stays_what_it_is(tmp_path: Path) -> None:
    net = 'layer { name: "d" type: "Data" top: "x" data_param { source: "builtin:digits/train" } }'

    assert settings(tmp_path, net) == ['layer.d.data_param.source="builtin:digits/train"']


def test_records_without_numbers_cannot_be_held_out(tmp_path: Path) -> None:
    net = 'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { num: 1 } }'

    assert refusals(tmp_path, net) == ["no validation data can be held out of layer `d`"]


def test_a_test_layer_without_its_twin_has_no_validation_data(tmp_path: Path) -> None:
    told = ["layer `test` cannot read the TRAIN data that are held out for validation"]

    other_top = DATABASES.replace(
        'top: "data" include { phase: TEST', 'top: "x" include { phase: TEST'
    )
    other_type = DATABASES.replace('"test" type: "Data"', '"test" type: "DummyData"')

    assert refusals(tmp_path, other_top) == told
    assert refusals(tmp_path, other_type) == told


def test_without_test_nets_nothing_can_judge(tmp_path: Path) -> None:
    assert refusals(tmp_path, DATABASES, "") == [
        "the solver has no net to test: it names none by `net` or `test_net`"
    ]
