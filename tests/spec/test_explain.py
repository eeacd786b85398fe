"""What codes and layer types mean, as text."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.spec.explain import explain, sections


@pytest.mark.parametrize("code", sections())
def test_every_section_says_what_why_and_what_instead(code: str) -> None:
    words = sections()[code].split("\n")

    assert [word for word in words if word in HEADINGS] == list(HEADINGS)


HEADINGS = ("### What", "### Why", "### Example", "### Instead")


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_is_explained(name: str) -> None:
    assert explain(name).startswith(f'type: "{name}"\nbottoms: ')


def test_case_does_not_matter() -> None:
    assert explain("innerproduct") == explain("InnerProduct")
    assert explain("pn021") == explain("PN021")


def test_fields_come_with_types_and_defaults() -> None:
    assert explain("ReLU").partition("relu_param ")[2] == (
        "{\n"
        "  negative_slope  float                    = 0\n"
        "  engine          DEFAULT | CAFFE | CUDNN  = DEFAULT\n"
        "}\n"
    )


def test_repeated_strings_and_flags() -> None:
    text = explain("InnerProduct") + explain("Convolution")

    assert "  bias_term      bool             = true\n" in text
    assert "  pad              repeated uint32\n" in text


@pytest.mark.parametrize("topic", ["PN999", "nothing like it", ""])
def test_an_unknown_topic_is_a_diagnostic(topic: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        explain(topic)

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "PN022",
        f"`{topic}` is neither a code, a layer type nor a solver file",
    )
