"""The table of a fine-tuning is what training does."""

from pathlib import Path

import pytest
import torch

from protonet.report.finetuning import Fate, Origin, Row, doubts, rows, table
from protonet.train.finetune import Recipe, apply, recipe_of
from protonet.train.overrides import override_solver
from protonet.train.solver import Solver
from protonet.weights.loading import Loading

NET = """
layer { name: "x" type: "DummyData" top: "x" dummy_data_param {
  shape { dim: 4 dim: 3 dim: 4 dim: 4 } data_filler { type: "gaussian" std: 1 } } }
layer { name: "t" type: "DummyData" top: "t" dummy_data_param { shape { dim: 4 dim: 2 } } }
layer {
  name: "conv" type: "Convolution" bottom: "x" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } }
}
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" }
layer {
  name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } }
}
layer {
  name: "fc2" type: "InnerProduct" bottom: "fc" top: "fc2"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "fc2" bottom: "t" top: "loss" }
"""
SOLVER = """
net: "net.prototxt"
base_lr: 0.1
weight_decay: 0.01
lr_policy: "fixed"
max_iter: 1
random_seed: 1701
snapshot_prefix: "run"
"""
STORED = {
    "conv/0": torch.full((2, 3, 3, 3), 0.1),
    "conv/1": torch.zeros(2),
    "bn/0": torch.zeros(2),
    "bn/1": torch.ones(2),
    "bn/2": torch.ones(1),
    "fc/0": torch.full((3, 8), 0.1),
    "fc/1": torch.zeros(3),
    "fc2/0": torch.ones(2, 2),
    "fc2/1": torch.ones(2),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(NET, encoding="utf-8")
    torch.save(STORED, "base.pth")
    return tmp_path


def solver(recipe: Recipe | None = None) -> Solver:
    loading = Loading.of(adapt={"fc": "first"}, reinit="fc2")
    file = apply(override_solver(SOLVER, []), recipe or Recipe())
    return Solver(file, weights="base.pth", loading=loading)


def test_each_blob_has_a_row() -> None:
    run = solver(recipe_of(freeze=("conv",)))

    assert table(rows(run.net, run.param)).splitlines() == [
        "blob     shape    values         learns    rate  decay  count",
        "conv/0   2x3x3x3  loaded         frozen                 54",
        "conv/1   2        loaded         frozen                 2",
        "bn/0     2        loaded         averaged               2",
        "bn/1     2        loaded         averaged               2",
        "bn/2     1        loaded         averaged               1",
        "scale/0  2        new            trained   0.1   0.01   2",
        "fc/0     2x8      adapted        trained   0.1   0.01   16",
        "fc/1     2        adapted        trained   0.1   0.01   2",
        "fc2/0    2x2      reinitialised  trained   0.1   0.01   4",
        "fc2/1    2        reinitialised  trained   0.2   0      2",
        "",
        "87 values in 10 blobs",
        "61 loaded, 18 adapted, 6 reinitialised, 2 new",
        "26 trained, 56 frozen, 5 averaged",
        "new: no file has these blobs, they start at their fillers' values",
        "averaged: each batch changes these statistics; `--bn-frozen` keeps them",
    ]


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        recipe_of(freeze=("conv",)),
        recipe_of(train_only=("fc2",)),
        recipe_of(bn_frozen=True),
        recipe_of(freeze=("bn", "fc*")),
    ],
    ids=["all", "freeze", "train only", "bn frozen", "all but"],
)
def test_the_table_is_what_a_step_does(recipe: Recipe) -> None:
    run = solver(recipe)
    found = rows(run.net, run.param)
    before = [blob.tensor.clone() for blob in run.net.learnables]
    # A gradient of 0 would hide what may move.
    for blob in run.net.learnables:
        if blob.layer == "scale":
            blob.tensor.data.fill_(1)
    run.step(2)

    moved = [
        not torch.equal(blob.tensor, old)
        for blob, old in zip(run.net.learnables, before, strict=True)
    ]
    learns = [blob.tensor.requires_grad for blob in run.net.learnables]
    assert [row.fate is Fate.TRAINED for row in found] == learns
    assert {(r.layer, r.index) for r, m in zip(found, moved, strict=True) if m} == {
        (row.layer, row.index) for row in found if row.fate is not Fate.FROZEN
    }


def test_without_weights_all_is_new() -> None:
    run = Solver(override_solver(SOLVER, []))

    assert {row.origin for row in rows(run.net, run.param)} == {Origin.NEW}


def test_of_two_files_the_last_one_counts() -> None:
    torch.save({"fc/0": torch.ones(2, 8), "fc/1": torch.ones(2)}, "fc.pth")
    run = Solver(
        override_solver(SOLVER, []),
        weights=["base.pth", "fc.pth"],
        loading=Loading.of(adapt={"fc": "first"}),
    )
    origins = {(row.layer, row.index): row.origin for row in rows(run.net, run.param)}

    assert origins["fc", 0] is Origin.LOADED


def test_a_frozen_layer_that_nothing_was_loaded_into_is_doubtful() -> None:
    found = [
        Row("a", 0, (2,), Origin.NEW, Fate.FROZEN),
        Row("a", 1, (2,), Origin.NEW, Fate.FROZEN),
        Row("b", 0, (2,), Origin.REINITIALISED, Fate.FROZEN),
        Row("c", 0, (2,), Origin.LOADED, Fate.FROZEN),
        Row("d", 0, (2,), Origin.NEW, Fate.TRAINED, 0.1, 0.1),
    ]

    assert [(problem.code, problem.message.split("`")[1]) for problem in doubts(found)] == [
        ("PN673", "a"),
        ("PN673", "b"),
    ]
