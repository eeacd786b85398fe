"""Parameter."""

import pytest

from protonet.layers.base import Weight
from tests.layers.case import LayerCase


def case(shape: str) -> LayerCase:
    return LayerCase("Parameter", f"parameter_param {{ shape {{ {shape} }} }}", bottoms=())


@pytest.mark.parametrize("shape", ["dim: 2 dim: 3", ""])
def test_laws(shape: str) -> None:
    case(shape).check_laws()


def test_its_blob_begins_at_zero() -> None:
    assert case("dim: 2 dim: 3").weights == (Weight((2, 3)),)


def test_extents_are_not_negative() -> None:
    assert case("dim: -2").refusal() == "an axis cannot have the extent -2"
