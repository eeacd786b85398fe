"""Further files that a rule must, or must not, report."""

from pathlib import Path

import pytest

from protonet.lint.rule import Selection
from protonet.report.check import check
from tests.diagnostics.files import caffemodel

X = 'layer { name: "x" type: "Input" top: "x" input_param { shape: { dim: [2, 3, 8, 8] } } }\n'
T = 'layer { name: "t" type: "Input" top: "t" input_param { shape: { dim: 2 } } }\n'
IP = """\
layer {{
  name: "ip"
  type: "InnerProduct"
  bottom: "{}"
  top: "ip"
  inner_product_param {{ num_output: 4 weight_filler {{ type: "xavier" }} }}
}}
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }\n'
CONV = """\
layer {{
  name: "{0}"
  type: "Convolution"
  bottom: "{1}"
  top: "{2}"
  {3}
  convolution_param {{ num_output: 3 kernel_size: {4} weight_filler {{ type: "msra" }} }}
}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def codes(text: str) -> list[str]:
    Path("file.prototxt").write_text(text, encoding="utf-8")
    return [problem.code for problem in check("file.prototxt", Selection(("PN7",)))]


def one(name: str, kind: str, bottom: str, top: str, rest: str = "") -> str:
    return f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top}" {rest} }}\n'


def conv(name: str, bottom: str, top: str, rules: str = "", kernel: int = 1) -> str:
    return CONV.format(name, bottom, top, rules, kernel)


def test_a_relu_behind_a_pooling_clips_no_scores() -> None:
    pooled = X + T + conv("c", "x", "c") + one("p", "Pooling", "c", "p", GLOBAL)

    assert codes(pooled + one("r", "ReLU", "p", "ip") + LOSS) == []


GLOBAL = "pooling_param { global_pooling: true }"


def test_a_gradient_that_nobody_needs_is_not_wrong() -> None:
    assert codes(X + one("clip", "Clip", "x", "x", "clip_param { min: 0 max: 1 }")) == []


def test_what_caffe_computes_wrongly_in_place_is_reported_without_a_loss() -> None:
    assert codes(X + one("pool", "Pooling", "x", "x", "pooling_param { kernel_size: 2 }")) == [
        "PN720"
    ]


def test_data_on_both_sides_of_a_loss_are_in_no_wrong_order() -> None:
    loss = 'layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "f" top: "l" }\n'
    add = one("p", "Power", "x", "y") + 'layer { name: "f" type: "Eltwise" bottom: "x" bottom: "y" '

    assert codes(X + add + 'top: "f" }\n' + loss) == []


def test_a_label_that_is_ignored_needs_no_score() -> None:
    data = 'layer { name: "d" type: "Data" top: "x" top: "t" data_param { SOURCE } }\n'
    source = 'source: "builtin:digits/train" batch_size: 2'
    loss = LOSS.replace('top: "loss"', 'top: "loss" loss_param { ignore_label: 9 }')

    assert codes(data.replace("SOURCE", source) + IP.format("x") + loss) == []


def test_a_product_needs_its_factors_again() -> None:
    net = X + T + conv("a", "x", "a") + conv("b", "x", "b")
    product = 'layer { name: "p" type: "Eltwise" bottom: "a" bottom: "b" top: "p" PARAM }\n'
    rest = one("r", "ReLU", "a", "a") + 'layer { name: "s" type: "Silence" bottom: "a" }\n'
    end = rest + IP.format("p") + LOSS
    prod = "eltwise_param { operation: PROD }"

    assert codes(net + product.replace("PARAM", prod) + end) == ["PN722"]
    assert codes(net + product.replace("PARAM", "") + end) == []


def test_a_stage_cannot_be_there_and_not_there() -> None:
    rule = 'include { stage: "a" not_stage: "a" }'

    assert codes(X + one("r", "ReLU", "x", "y", rule)) == ["PN706"]


def test_other_data_may_be_prepared_otherwise() -> None:
    data = """\
layer {{
  name: "{0}"
  type: "Data"
  top: "{1}"
  include {{ phase: {0} }}
  transform_param {{ scale: {2} }}
  data_param {{ source: "builtin:digits/{3}" batch_size: 2 }}
}}
"""
    first, other = data.format("TRAIN", "x", 1, "train"), data.format("TEST", "y", 2, "test")

    assert codes(first + other) == []


@pytest.mark.parametrize(
    ("kind", "rest", "found"),
    [
        ("Eltwise", "eltwise_param { stable_prod_grad: false }", ["PN705"]),
        ("Eltwise", "eltwise_param { operation: PROD stable_prod_grad: false }", []),
        ("EuclideanLoss", "loss_param { normalize: true normalization: FULL }", ["PN701", "PN705"]),
        ("SigmoidCrossEntropyLoss", "loss_param { normalize: true }", []),
    ],
)
def test_overridden_fields(kind: str, rest: str, found: list[str]) -> None:
    layer = f'layer {{ name: "l" type: "{kind}" bottom: "x" bottom: "y" top: "l" {rest} }}\n'

    assert codes(X + X.replace('"x"', '"y"') + layer) == found


def test_fillers_in_a_list_are_left_out() -> None:
    param = 'dummy_data_param { shape { dim: 1 } data_filler { type: "xavier" std: 1 } }'

    assert codes(f'layer {{ name: "d" type: "DummyData" top: "d" {param} }}\n') == []


def test_a_sparse_filler_that_is_refused_has_no_warning_beside_it() -> None:
    assert codes(X + IP.format("x").replace('"xavier"', '"xavier" sparse: 2')) == []


def test_layers_of_one_name_may_be_alike_or_of_other_shapes() -> None:
    train, test = "include { phase: TRAIN }", "include { phase: TEST }"
    first = X + conv("c", "x", "c", train)

    assert codes(first + conv("c", "x", "c", test)) == []
    assert codes(first + conv("c", "x", "c", test, kernel=3)) == ["PN750"]


RUN = 'base_lr: 0.1 lr_policy: "fixed" max_iter: 9\n'


def solver(net: str, more: str) -> str:
    return f"{RUN}{more}\nnet_param {{\n{net}}}\n"


def test_weights_of_other_formats_or_that_are_gone_are_not_looked_at() -> None:
    net = X + T + IP.format("x") + LOSS

    assert codes(solver(net, 'weights: "gone.caffemodel, w.h5"')) == []


def test_a_rate_below_0_makes_the_loss_rise() -> None:
    net = X + T + IP.format("x") + LOSS

    assert codes(solver(net, "").replace("base_lr: 0.1", "base_lr: -0.1")) == ["PN762"]


def test_a_last_layer_may_begin_with_0() -> None:
    caffemodel(Path("w.caffemodel"))
    flat = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }\n'
    first = "inner_product_param { num_output: 2 }"
    net = flat + T + one("ip", "InnerProduct", "x", "y", first)
    new = one("new", "InnerProduct", "y", "z", first)
    behind = new + one("end", "InnerProduct", "z", "ip", first) + LOSS

    assert codes(solver(net + new + LOSS.replace('"ip"', '"z"'), WEIGHTS)) == []
    assert codes(solver(net + behind, WEIGHTS)) == ["PN774"]


WEIGHTS = 'weights: "w.caffemodel"'


def test_of_branches_that_meet_each_layer_is_looked_at_once() -> None:
    """Nothing that learns comes behind the layer that begins with 0."""
    zero = conv("c", "b", "c").replace(' weight_filler { type: "msra" }', "")
    net = X + T + conv("a", "x", "a") + conv("b", "a", "b") + zero
    both = one("r", "ReLU", "c", "r") + one("s", "Sigmoid", "c", "s")
    joint = 'layer { name: "j" type: "Eltwise" bottom: "r" bottom: "s" top: "j" }\n'
    end = one("p", "Pooling", "j", "ip", GLOBAL) + LOSS

    assert codes(net + both + joint + end) == []
    assert codes(net + both + joint + IP.format("j") + LOSS) == ["PN734"]
