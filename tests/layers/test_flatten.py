"""Flatten."""

import pytest

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 4, 5)


def case(params: str) -> LayerCase:
    return LayerCase("Flatten", f"flatten_param {{ {params} }}", bottoms=(SHAPE,))


@pytest.mark.parametrize(
    ("params", "top"),
    [
        ("", (2, 60)),
        ("axis: 2", (2, 3, 20)),
        ("axis: 0 end_axis: -2", (24, 5)),
        ("axis: -3 end_axis: 2", (2, 12, 5)),
        ("axis: 1 end_axis: 1", SHAPE),
        ("axis: 2 end_axis: 1", (2, 3, 1, 4, 5)),
    ],
)
def test_laws(params: str, top: Shape) -> None:
    case(params).check_laws()

    assert case(params).layer.infer(SHAPE) == (top,)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("axis: 3 end_axis: 1", "`axis` 3 comes after `end_axis` 1"),
        ("axis: 4", "axis 4 is out of range for a bottom of shape (2, 3, 4, 5)"),
        ("end_axis: 4", "axis 4 is out of range for a bottom of shape (2, 3, 4, 5)"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message
