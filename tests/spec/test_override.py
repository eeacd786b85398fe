"""``--set`` as edits of a file's text."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.spec.net import LayerParameter
from protonet.spec.override import Setting, override, override_layers, setting
from protonet.spec.solver import SolverParameter

NET = """\
name: "n"
layer {
  name: "fc.8"
  type: "InnerProduct"
  param { lr_mult: 1 }  # the weights
  inner_product_param { num_output: 10 }
}
layer { name: "fc" type: "ReLU" }
"""


def solver(text: str, *settings: str) -> str:
    given = [setting(one) for one in settings]
    return override(Source(text), given, SolverParameter).text


def net(*settings: str, text: str = NET, blobs: int = 2) -> str:
    given = [setting(one) for one in settings]
    return override_layers(Source(text), given, LayerParameter, lambda _: blobs).text


def problem(text: str) -> tuple[str, str]:
    with pytest.raises(DiagnosticError) as caught:
        setting(text)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message


@pytest.mark.parametrize("text", ["base_lr", "=1", "base_lr=", "layer.=1", "a..b=1", ""])
def test_an_override_is_field_and_value(text: str) -> None:
    assert problem(text) == ("PN023", f"`{text}` is not an override")


def test_a_value_may_hold_an_equals_sign() -> None:
    assert setting(" net = a=b ") == Setting("net", "a=b")


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("base_lr: 0.1 # high\n", "base_lr=0.01", "base_lr: 0.01 # high\n"),
        ("base_lr: 0.1", "max_iter=5", "base_lr: 0.1\nmax_iter: 5\n"),
        ("", "max_iter=5", "max_iter: 5\n"),
        ("base_lr : # why\n -.5e-1;", "base_lr=1", "base_lr: 1;"),
        ('type: "SG" "D" display: 1', "type=Adam", 'type: "Adam" display: 1'),
        ("display: 1", 'type="Adam"', 'display: 1\ntype: "Adam"\n'),
        ("display: 1", 'net=a"b\\c', 'display: 1\nnet: "a\\"b\\\\c"\n'),
        ("stepvalue: [1, # one\n 2] display: 1", "stepvalue=[5]", "stepvalue: [5] display: 1"),
        ("stepvalue: 1 # a\nstepvalue: 2 # b\n", "stepvalue=[5,6]", "stepvalue: [5,6] # a\n # b\n"),
        ("stepvalue: 1 stepvalue: 2", "stepvalue.1=9", "stepvalue: 1 stepvalue: 9"),
        ("stepvalue: 1\n", "stepvalue.1=9", "stepvalue: 1\nstepvalue: 9\n"),
        ("train_state { level: 1 }\n", "train_state.level=2", "train_state { level: 2 }\n"),
        ("train_state { }\n", "train_state.level=2", "train_state {  level: 2 }\n"),
        ("", "train_state.stage=a", 'train_state { stage: "a" }\n'),
        ("train_state { level: 1 }\n", "train_state=2", "train_state: 2\n"),
        (
            "snapshot_format: HDF5\n",
            "snapshot_format=BINARYPROTO",
            "snapshot_format: BINARYPROTO\n",
        ),
        ("", "no_such.field=2", "no_such { field: 2 }\n"),
        ("", "display.x=2", "display { x: 2 }\n"),
    ],
)
def test_a_field_of_the_solver(text: str, given: str, expected: str) -> None:
    assert solver(text, given) == expected


def test_the_last_of_two_counts() -> None:
    assert solver("display: 1\n", "display=2", "display=3") == "display: 3\n"


def test_a_field_of_a_layer_whose_name_has_a_dot() -> None:
    expected = NET.replace("num_output: 10", "num_output: 20")

    assert net("layer.fc.8.inner_product_param.num_output=20") == expected


def test_a_multiplier_of_a_layer_is_that_of_all_its_blobs() -> None:
    text = 'layer { name: "a" param { lr_mult: 1 } # w\n }'

    assert net("layer.a.lr_mult=0", text=text) == (
        'layer { name: "a" param { lr_mult: 0 } # w\n  param { lr_mult: 0 } }'
    )


def test_a_multiplier_of_one_blob() -> None:
    text = 'layer { name: "a" }'

    assert net("layer.a.param.1.decay_mult=0", text=text) == (
        'layer { name: "a"  param { } param { decay_mult: 0 } }'
    )


def test_all_layers_of_a_name_are_meant() -> None:
    text = 'layer { name: "a" type: "X" } layer { name: "a" type: "Y" }'

    assert net("layer.a.type=Z", text=text) == (
        'layer { name: "a" type: "Z" } layer { name: "a" type: "Z" }'
    )


def test_a_layer_of_another_net_is_left_out() -> None:
    assert net("layer.elsewhere.type=Z") == NET


def test_a_layer_without_blobs_has_no_multipliers() -> None:
    with pytest.raises(DiagnosticError, match="PN024"):
        net("layer.fc.lr_mult=1", blobs=0)


def test_a_pattern_means_all_layers_that_fit() -> None:
    text = 'layer { name: "conv1" } layer { name: "conv2" } layer { name: "fc" }'

    assert net("layer.conv*.lr_mult=0", text=text, blobs=1) == (
        'layer { name: "conv1"  param { lr_mult: 0 } } '
        'layer { name: "conv2"  param { lr_mult: 0 } } layer { name: "fc" }'
    )


def test_of_a_pattern_the_layers_that_read_a_message_are_meant() -> None:
    text = (
        'layer { name: "conv1" type: "Convolution" convolution_param { pad: 1 } }\n'
        'layer { name: "conv1_relu" type: "ReLU" }\n'
        'layer { name: "conv1_own" type: "Unknown" }\n'
    )

    assert net("layer.conv*.convolution_param.pad=2", text=text) == text.replace("1 }", "2 }")
    assert net("layer.conv1_*.convolution_param.pad=2", text=text).count("pad: 2") == 2


def test_a_name_that_looks_like_a_pattern_means_itself() -> None:
    text = 'layer { name: "a[1]" }'

    assert net("layer.a[1].type=Z", text=text) == 'layer { name: "a[1]"  type: "Z" }'
