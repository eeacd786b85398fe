"""What ``protonet finetune`` sets over the layers of a net."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.train.finetune import Recipe, apply, recipe_of
from protonet.train.overrides import override_solver
from protonet.train.solver import Solver

NET = """
layer {
  name: "x" type: "DummyData" top: "x"
  dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }
}
layer { name: "t" type: "DummyData" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } } }
layer {
  name: "conv1" type: "Convolution" bottom: "x" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  convolution_param { num_output: 2 kernel_size: 3 }
}
layer { name: "conv1/bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer {
  name: "conv1/scale" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true }
}
layer {
  name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 }
  convolution_param { num_output: 2 kernel_size: 2 }
}
layer { name: "gain" type: "Scale" bottom: "conv2" top: "conv2" }
layer {
  name: "fc" type: "InnerProduct" bottom: "conv2" top: "fc"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 2 }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "t" top: "loss" }
"""
SOLVER = """
net: "net.prototxt"
base_lr: 0.1
lr_policy: "fixed"
max_iter: 1
snapshot_prefix: "run"
"""
ALL = {
    "conv1": [(1, 1), (2, 0)],
    "conv1/bn": [(0, 1), (0, 1), (0, 1)],
    "conv1/scale": [(1, 1), (1, 1)],
    "conv2": [(0, 0), (0, 0)],
    "gain": [(1, 1)],
    "fc": [(1, 1), (2, 0)],
}
"""Rates and decays of the net as it is."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(NET)
    return tmp_path


def write(net: str) -> None:
    Path("net.prototxt").write_text(net, encoding="utf-8")


def solver(recipe: Recipe, *settings: str) -> Solver:
    return Solver(apply(override_solver(SOLVER, settings), recipe))


def rates(of: Solver) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for blob in of.net.learnables:
        found.setdefault(blob.layer, []).append((blob.lr_mult, blob.decay_mult))
    return found


def uses_stored(of: Solver) -> bool:
    return of.net.graph.nodes[3].layer.is_fixed


def problems(recipe: Recipe) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        solver(recipe)
    return [f"{problem.code}: {problem.message}" for problem in caught.value.diagnostics]


def test_nothing_is_set_that_nobody_asked_for() -> None:
    run = solver(Recipe())

    assert (run.file.of_layers, rates(run), uses_stored(run)) == ((), ALL, False)


def test_freeze_keeps_all_blobs_of_a_layer() -> None:
    run = solver(recipe_of(freeze=("conv1",)))

    assert rates(run) == ALL | {"conv1": [(0, 0), (0, 0)]}
    assert not uses_stored(run)


def test_a_frozen_batch_norm_uses_what_it_has_stored() -> None:
    run = solver(recipe_of(freeze=("*/bn",)))

    assert (rates(run), uses_stored(run)) == (ALL, True)


def test_train_only_freezes_all_others_and_wakes_what_the_file_freezes() -> None:
    run = solver(recipe_of(train_only=("fc", "conv2")))

    assert rates(run) == {
        "conv1": [(0, 0), (0, 0)],
        "conv1/bn": [(0, 1), (0, 1), (0, 1)],
        "conv1/scale": [(0, 0), (0, 0)],
        "conv2": [(1, 1), (1, 1)],
        "gain": [(0, 0)],
        "fc": [(1, 1), (2, 0)],
    }
    assert uses_stored(run)


def test_freeze_takes_from_train_only() -> None:
    run = solver(recipe_of(train_only=("*",), freeze=("conv*",)))

    frozen = {layer: [(0, 0), (0, 0)] for layer in ("conv1", "conv1/scale", "conv2")}
    assert (rates(run), uses_stored(run)) == (ALL | frozen, True)


def test_bn_frozen_is_about_batch_norms_and_the_scales_after_them() -> None:
    run = solver(recipe_of(bn_frozen=True))

    assert (rates(run), uses_stored(run)) == (ALL | {"conv1/scale": [(0, 0), (0, 0)]}, True)


def test_what_is_stored_already_stays() -> None:
    used = "layer.conv1/bn.batch_norm_param.use_global_stats=true"
    run = solver(recipe_of(bn_frozen=True), used)

    assert [str(one) for one in run.file.of_layers if "bn" in one.path] == [used]


def test_rates_are_multiplied_the_factors_of_all_patterns_one_after_another() -> None:
    run = solver(recipe_of(lr_mult=("f*=10", "fc=0.5")))

    assert rates(run) == ALL | {"fc": [(5, 1), (10, 0)]}


def test_a_factor_of_0_freezes() -> None:
    assert rates(solver(recipe_of(lr_mult=("fc=0",))))["fc"] == [(0, 1), (0, 0)]


def test_settings_come_first() -> None:
    run = solver(recipe_of(lr_mult=("fc=10",)), "layer.fc.lr_mult=0.1")

    assert rates(run)["fc"] == [(1, 1), (1, 0)]


def test_outputs_are_counted_where_the_type_does() -> None:
    run = solver(recipe_of(num_output=("fc=2", "conv*=5")))

    assert {name: blobs[0].shape[0] for name, blobs in run.net.params.items()} == {
        "conv1": 5,
        "conv1/bn": 5,
        "conv1/scale": 5,
        "conv2": 5,
        "gain": 5,
        "fc": 2,
    }


def test_a_shared_blob_is_frozen_with_any_of_its_layers() -> None:
    shared = '{ name: "w" lr_mult: 1 }'
    write(
        NET.replace("param { lr_mult: 1 } param", f"param {shared} param", 1).replace(
            '"conv2" top: "conv2"\n', f'"conv2" top: "conv2" param {shared}\n'
        )
        + f'layer {{ name: "conv1_p" type: "Convolution" bottom: "x" top: "p" param {shared} '
        "convolution_param { num_output: 2 kernel_size: 3 bias_term: false } }\n"
        'layer { name: "silence" type: "Silence" bottom: "p" }\n'
    )
    run = solver(recipe_of(freeze=("conv1_p",)))

    assert rates(run)["conv1"] == [(0, 0), (2, 0)]
    assert [spec.lr_mult for spec in run.net.layer_messages[-2].param] == [0]

    run = solver(recipe_of(train_only=("conv1_p",)))

    assert rates(run)["conv1"] == [(1, 1), (0, 0)]


def test_a_layer_of_a_fork_is_frozen_by_its_own_field() -> None:
    write(NET.replace("BatchNorm", "BN"))
    run = solver(recipe_of(bn_frozen=True))

    assert rates(run)["conv1/bn"] == [(0, 0)] * 4
    assert run.net.graph.nodes[3].layer.is_fixed


def test_a_fork_without_such_a_field_is_left() -> None:
    write(NET.replace('"BatchNorm" bottom', '"BN" bn_param { decay: 0.1 } bottom'))

    assert problems(recipe_of(bn_frozen=True)) == [
        "PN670: the net has no BatchNorm (`--bn-frozen`)"
    ]


def test_a_faulty_solver_is_the_solvers_business() -> None:
    with pytest.raises(DiagnosticError, match="PN601"):
        Solver(apply(override_solver(SOLVER, ["lr_policy=fix"]), recipe_of(freeze=("nothing",))))


def test_all_problems_come_at_once() -> None:
    assert problems(
        recipe_of(freeze=("cnv*",), train_only=("x",), num_output=("loss=1", "g=1"))
    ) == [
        "PN674: layer `loss` of type EuclideanLoss has no `num_output`",
        "PN670: no layer of the net matches `g` (`--num-output`)",
        "PN670: no layer with weights matches `cnv*` (`--freeze`)",
        "PN670: no layer with weights matches `x` (`--train-only`)",
    ]


def test_something_has_to_learn() -> None:
    assert problems(recipe_of(freeze=("*",))) == ["PN672: no layer is left to learn"]


def test_who_wants_a_frozen_layer_to_learn_is_told_how() -> None:
    with pytest.raises(DiagnosticError, match="layers of `--freeze` learn in no case"):
        solver(recipe_of(freeze=("conv*",), train_only=("conv1",)))


def test_a_factor_of_what_is_frozen_is_refused() -> None:
    assert problems(recipe_of(lr_mult=("conv2=10",))) == [
        "PN675: `--lr-mult conv2=10` is for layers that do not learn"
    ]


@pytest.mark.parametrize("text", ["fc", "=3", "fc=", "fc=x", "fc=-1", "fc=nan", "fc=inf"])
def test_a_factor_is_a_number(text: str) -> None:
    with pytest.raises(DiagnosticError, match="PN671"):
        recipe_of(lr_mult=(text,))


@pytest.mark.parametrize("text", ["fc=0", "fc=2.5", "fc=inf"])
def test_outputs_are_whole_and_there_are_some(text: str) -> None:
    with pytest.raises(DiagnosticError, match="PN671"):
        recipe_of(num_output=(text,))


def test_long_lists_of_layers_are_cut() -> None:
    layers = "".join(
        f'layer {{ name: "l{at}" type: "Scale" bottom: "fc" top: "fc" }}\n' for at in range(20)
    )
    write(NET.replace('layer { name: "loss"', f'{layers}layer {{ name: "loss"'))
    with pytest.raises(DiagnosticError) as caught:
        solver(recipe_of(freeze=("nothing",)))

    assert caught.value.diagnostics[0].help.endswith("`l3`, `l4`, `l5`, ...")
