"""Embed."""

import pytest
import torch

from protonet.layers.base import Weight
from protonet.message.common import FillerParameter
from tests.layers.case import LayerCase


def case(params: str = "num_output: 3 input_dim: 5") -> LayerCase:
    return LayerCase("Embed", f"embed_param {{ {params} }}", bottoms=((2, 4),), labels=5)


@pytest.mark.parametrize("bias", ["true", "false"])
def test_laws(bias: str) -> None:
    case(f"num_output: 3 input_dim: 5 bias_term: {bias}").check_laws()


def test_blobs_have_one_row_a_word() -> None:
    weights = case('num_output: 3 input_dim: 5 weight_filler { type: "xavier" }').weights

    assert weights == (Weight((5, 3), FillerParameter(type="xavier")), Weight((3,)))


def test_looks_up_truncated_row_numbers() -> None:
    weight, bias = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0.5])

    (y,) = case().run(torch.tensor([2.9, 0.0, -0.9]), weight, bias)

    assert y.tolist() == [[3.5], [1.5], [1.5]]


@pytest.mark.parametrize("index", [5.0, -1.0])
def test_a_number_that_is_no_row_is_refused(index: float) -> None:
    with pytest.raises(ValueError, match=rf"^index {index:.0f} is outside 0 .. 4$"):
        case().run(torch.tensor([index]), torch.zeros(5, 3), torch.zeros(3))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("input_dim: 5", "`num_output` is not set"),
        ("num_output: 3 input_dim: 0", "`input_dim` is 0"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message


def test_a_lookup_multiplies_nothing() -> None:
    case = LayerCase("Embed", "embed_param { num_output: 3 input_dim: 5 }", bottoms=((4,),))

    assert case.layer.multiplications((4,)) == 0
