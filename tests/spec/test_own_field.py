"""``--set`` without the message that a field stands in, and layers that become others."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.spec.net import LayerParameter
from protonet.spec.override import override_layers, setting

CONV = (
    'layer { name: "conv1" type: "Convolution" '
    'convolution_param { num_output: 2 weight_filler { type: "gaussian" std: 1 } } }\n'
)
RELU = 'layer { name: "conv1_relu" type: "ReLU" relu_param { negative_slope: 0.1 } }  # leaky\n'
IP = 'layer { name: "fc" type: "InnerProduct" }\n'


def net(given: str, text: str = CONV + RELU + IP) -> str:
    return override_layers(Source(text), [setting(given)], LayerParameter, lambda _: 2).text


def refusal(given: str, text: str = CONV + RELU + IP) -> tuple[str, str, str]:
    with pytest.raises(DiagnosticError) as caught:
        net(given, text)
    (problem,) = caught.value.diagnostics
    return problem.code, problem.message, problem.help


def test_a_field_is_found_in_the_message_of_its_layer() -> None:
    assert net("layer.conv1.num_output=5") == CONV.replace("2", "5") + RELU + IP
    assert net("layer.fc.num_output=5", IP) == IP.replace(
        " }", "  inner_product_param { num_output: 5 } }"
    )


def test_of_a_pattern_the_layers_that_have_the_field_are_meant() -> None:
    assert (
        net("layer.conv*.weight_filler.type=msra") == CONV.replace("gaussian", "msra") + RELU + IP
    )
    assert net("layer.*.weight_filler.type=msra") == (
        CONV.replace("gaussian", "msra")
        + RELU
        + IP.replace(" }", '  inner_product_param { weight_filler { type: "msra" } } }')
    )


def test_what_two_messages_have_is_set_in_the_one_of_today() -> None:
    text = 'layer { name: "data" type: "Data" }\n'

    assert net("layer.data.crop_size=24", text) == (
        'layer { name: "data" type: "Data"  transform_param { crop_size: 24 } }\n'
    )


def test_a_field_of_every_layer_stays_where_it_is() -> None:
    assert net("layer.fc.bottom=x") == CONV + RELU + IP.replace(" }", '  bottom: "x" }')


def test_of_a_type_that_is_not_known_nothing_is_guessed() -> None:
    text = 'layer { name: "a" type: "Mine" }'

    assert net("layer.a.pad=1", text) == 'layer { name: "a" type: "Mine"  pad: 1 }'


def test_a_layer_that_becomes_another_loses_what_that_does_not_read() -> None:
    assert (
        net("layer.*relu*.type=ELU", RELU) == 'layer { name: "conv1_relu" type: "ELU" }  # leaky\n'
    )
    assert net("layer.*relu*.type=LeakyReLU", RELU) == RELU.replace('"ReLU"', '"LeakyReLU"')
    assert net("layer.*relu*.type='ReLU6'", 'layer { name: "relu" type: "ReLU" }') == (
        "layer { name: \"relu\" type: 'ReLU6' }"
    )


def test_an_unknown_type_is_left_for_the_graph_to_tell() -> None:
    assert net("layer.*relu*.type=RLU", RELU) == RELU.replace('"ReLU"', '"RLU"')


def test_a_field_that_no_layer_has_is_told_with_the_closest() -> None:
    assert refusal("layer.conv*.weight_filer.type=msra") == (
        "PN696",
        (
            "no layer of `layer.conv*.weight_filer.type=msra` has a field "
            "`weight_filer`: their type is Convolution, ReLU"
        ),
        "did you mean `weight_filler`?",
    )
    assert refusal("layer.conv1_relu.xyzzy=1")[2] == "`protonet explain ReLU` lists what it reads"
