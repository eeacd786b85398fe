"""What differs between two files."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.diff import diff

NET = """\
name: "n"
layer {
  name: "digits" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  data_param { source: "builtin:digits/train" batch_size: 4 }
}
layer {
  name: "digits" type: "Data" top: "data" top: "label" include { phase: TEST }
  data_param { source: "builtin:digits/test" batch_size: 2 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(first: str, second: str) -> tuple[str, ...]:
    Path("a.prototxt").write_text(first, encoding="utf-8")
    Path("b.prototxt").write_text(second, encoding="utf-8")
    return diff("a.prototxt", "b.prototxt")


def test_spelling_does_not_count() -> None:
    other = NET.replace("\n", " # a comment\n").replace("num_output: 10", "axis: 1 num_output: 0xa")

    assert lines(NET, other) == ()


def test_an_old_net_means_what_its_upgrade_means() -> None:
    old = NET.replace("layer {", "layers {").replace('"InnerProduct"', "INNER_PRODUCT")
    old = old.replace('"SoftmaxWithLoss"', "SOFTMAX_LOSS").replace('"ReLU"', "RELU")
    old = old.replace('"Data"', "DATA")

    assert lines(old, NET) == ()


def test_layers_come_go_and_change() -> None:
    other = NET.replace("num_output: 10", "num_output: 12").replace("xavier", "msra")
    other = other.replace('"relu" type: "ReLU"', '"tanh" type: "TanH"')
    other = other.replace(
        'bottom: "data" top: "ip"\n', 'bottom: "data" top: "ip" param { lr_mult: 0 }\n'
    )

    assert lines(NET, other) == (
        "~ layer `ip` (InnerProduct)",
        "    sample of ip: 10 -> 12",
        "    blob 0: 10x784 -> 12x784",
        "    lr_mult of blob 0: 1 -> 0",
        "    blob 1: 10 -> 12",
        "    inner_product_param.num_output: 10 -> 12",
        '    inner_product_param.weight_filler.type: "xavier" -> "msra"',
        "- layer `relu` (ReLU)",
        "+ layer `tanh` (TanH)",
        "parameters: 7,850 -> 9,420 (+1,570)",
    )


def test_what_differs_in_one_phase_is_told_of_that_phase() -> None:
    assert lines(NET, NET.replace("batch_size: 2", "batch_size: 3")) == (
        "TEST:",
        "  ~ layer `digits` (Data)",
        "      data_param.batch_size: 2 -> 3",
    )


def test_another_type_is_told_with_its_name() -> None:
    other = NET.replace('name: "n"', 'name: "m"').replace(
        '"relu" type: "ReLU"', '"relu" type: "ELU"'
    )

    assert lines(NET, other) == (
        'name: "n" -> "m"',
        "~ layer `relu` (ReLU)",
        "    type: ReLU -> ELU",
    )


def test_solvers_are_compared_field_by_field() -> None:
    first = 'net: "n"\nbase_lr: 0.1\nlr_policy: "fixed"\nsolver_type: ADAM\n'
    second = 'net: "n"\nbase_lr: 0.01\nlr_policy: "multistep"\nstepvalue: [10, 20]\ntype: "Adam"\n'
    second += 'early_stopping { monitor: "loss" }\n'

    assert lines(first, second) == (
        "base_lr: 0.1 -> 0.01",
        'lr_policy: "fixed" -> "multistep"',
        "stepvalue: nothing -> 10 20",
        'early_stopping: nothing -> { monitor: "loss" }',
    )


def test_a_net_and_a_solver_have_nothing_in_common() -> None:
    with pytest.raises(DiagnosticError, match="PN840"):
        lines(NET, 'net: "n"\nbase_lr: 0.1\n')
