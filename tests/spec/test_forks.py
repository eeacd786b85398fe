"""What forks added to Caffe's messages."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.spec.forks import BASES, NAMES, called, fields, numbers, owners
from protonet.spec.read import parse_net, parse_solver, read_net


def test_every_fork_has_a_name_and_no_field_twice() -> None:
    keys = [(one.fork, one.message, one.field) for one in fields()]

    assert len(keys) == len(set(keys))
    assert {one.fork for one in fields()} == set(NAMES)
    assert {*BASES, *BASES.values()} <= set(NAMES)


def test_a_fork_gives_no_number_twice_in_a_message() -> None:
    keys = [(one.fork, one.message, one.number) for one in fields() if one.number is not None]

    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_one_number_has_several_meanings() -> None:
    meant = {one.field for one in fields() if (one.message, one.number) == ("LayerParameter", 145)}

    assert {"compact_bilinear_param", "forward_type", "shuffle_channel_param"} <= meant


def test_layers_that_protonet_has_are_found_by_the_numbers_of_forks() -> None:
    ours = {name: slot.number for name, slot in LAYERS.messages.items()}

    assert numbers()["roi_pooling_param"] == {150, 154, 204, 8266711}
    assert ours["roi_pooling_param"] == 8266711
    assert numbers()["compact_bilinear_param"] == {145}


@pytest.mark.parametrize(
    ("forks", "words"),
    [
        (("ssd",), "the SSD fork"),
        (("deeplab", "pspnet"), "the DeepLab and PSPNet forks"),
        (("intel", "nvidia", "ssd", "ncnn"), "the Intel, NVIDIA and SSD forks"),
    ],
)
def test_forks_are_named_in_a_sentence(forks: tuple[str, ...], words: str) -> None:
    assert called(forks) == words


def test_a_field_of_a_fork_is_told_as_such() -> None:
    text = """\
layer { convolution_param { tf_pad: true } label_specific_add_param { bias: 1 } nonsense: 1 }
layers { region_loss_param { } }
"""
    with pytest.raises(DiagnosticError) as caught:
        parse_net(text)

    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("PN228", "`tf_pad` belongs to the MobileNet-SSD fork, and protonet does not have it"),
        (
            "PN228",
            (
                "`label_specific_add_param` belongs to the happynear and "
                "PytorchToCaffe forks, and protonet does not have it"
            ),
        ),
        ("PN101", "unknown field `nonsense`"),
        (
            "PN228",
            (
                "`region_loss_param` belongs to the Intel and PytorchToCaffe forks, "
                "and protonet does not have it"
            ),
        ),
    ]


def test_every_fork_field_of_a_message_that_protonet_has_is_told_or_read() -> None:
    assert owners()["SolverParameter", "stagelr"] == ("intel",)
    with pytest.raises(DiagnosticError, match="`stagelr` belongs to the Intel fork"):
        parse_solver("base_lr: 1\nstagelr: 0.1\n")


def test_a_message_of_a_type_that_nobody_knows_is_told_with_its_type() -> None:
    text = """\
layer { type: "Yolov9" yolov9_param { } }
layer { type: "Convolutio" convolutio_param { } }
layer { type: "ReLU" relu_pram { } relux_param { } }
layer { relux_param { } }
"""
    with pytest.raises(DiagnosticError) as caught:
        parse_net(text)

    told = [(d.code, d.message.partition(",")[0], d.help) for d in caught.value.diagnostics]
    assert told == [
        (
            "PN229",
            "`yolov9_param` belongs to the layer type `Yolov9`",
            "write it as a layer of your own: `--plugin my_layers.py`",
        ),
        (
            "PN229",
            "`convolutio_param` belongs to the layer type `Convolutio`",
            "did you mean `Convolution`?",
        ),
        ("PN101", "unknown field `relu_pram`", "did you mean `relu_param`?"),
        ("PN101", "unknown field `relux_param`", "did you mean `relu_param`?"),
        ("PN101", "unknown field `relux_param`", "did you mean `relu_param`?"),
    ]


def test_an_old_net_of_a_fork_is_told_without_what_the_upgrade_takes_care_of() -> None:
    text = "layers { type: LOCAL local_param { } }\nlayers { type: UNHEARD unheard_param { } }\n"

    with pytest.raises(DiagnosticError) as caught:
        read_net(text)

    told = [(d.code, d.message.partition(",")[0]) for d in caught.value.diagnostics]
    assert told == [
        ("PN229", "`Local` is a layer of the happynear fork"),
        ("PN229", "`unheard_param` belongs to the layer type `UNHEARD`"),
    ]


def test_a_field_of_a_known_fork_is_told_with_the_fork_though_its_type_is_not_known() -> None:
    text = 'layer { type: "Unheard" quantization_param { } }\n'

    with pytest.raises(DiagnosticError, match="`quantization_param` belongs to the Intel fork"):
        parse_net(text)
