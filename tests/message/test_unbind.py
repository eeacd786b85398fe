import pytest
from hypothesis import given
from hypothesis import strategies as st

from protonet.layers.relu import ReLUParameter
from protonet.message.base import float32
from protonet.message.bind import bind
from protonet.message.common import Datum, FillerParameter, Phase, TransformationParameter
from protonet.message.unbind import shortest, unbind
from protonet.source import Source
from protonet.spec.net import LayerParameter, NetParameter, NetStateRule
from protonet.spec.solver import SolverParameter
from protonet.syntax.format import format_block
from protonet.syntax.parse import parse


def test_only_what_is_set_is_printed_by_number() -> None:
    net = NetParameter(
        force_backward=False,
        layer=(
            LayerParameter(
                include=(NetStateRule(phase=Phase.TEST),),
                relu_param=ReLUParameter(negative_slope=0.1),  # pyright: ignore[reportCallIssue] # a layer's own field
                top=("a", "b"),
                type="ReLU",
            ),
        ),
        name="n",
    )

    printed = " ".join(format_block(unbind(net)).split())

    assert printed == (
        'name: "n" force_backward: false layer { type: "ReLU" top: "a" top: "b" '
        "include { phase: TEST } relu_param { negative_slope: 0.1 } }"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1.0, "1"),
        (-0.0, "-0.0"),
        (16777216.0, "16777216.0"),
        (1e-8, "1e-08"),
        (1 / 3, "0.33333334"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
    ],
)
def test_floats_have_as_few_digits_as_a_32_bit_float_needs(value: float, text: str) -> None:
    assert format_block(unbind(FillerParameter(value=value))) == f"value: {text}\n"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_shortest_float_is_the_same_float(value: float) -> None:
    assert float32(shortest(value)) == value


@given(st.binary(max_size=20), st.text(max_size=10))
def test_bytes_and_text_survive_printing(data: bytes, name: str) -> None:
    datum = Datum(data=data)
    net = NetParameter(
        name=name.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="surrogateescape")
    )

    assert bind(parse(Source(format_block(unbind(datum)))), Datum) == datum
    assert bind(parse(Source(format_block(unbind(net)))), NetParameter) == net


@pytest.mark.parametrize(
    "message",
    [
        SolverParameter(base_lr=0.01, stepvalue=(1, 2), solver_mode=SolverParameter.SolverMode.CPU),
        TransformationParameter(mean_value=(104.0, 117.5), mirror=True),
        NetParameter(),
    ],
)
def test_what_is_printed_is_read_as_the_same(message: SolverParameter) -> None:
    again = bind(parse(Source(format_block(unbind(message)))), type(message))

    assert (again, again.model_fields_set) == (message, message.model_fields_set)
