"""Reduction."""

import pytest
import torch

from tests.layers.case import LayerCase


def case(params: str) -> LayerCase:
    return LayerCase(
        "Reduction", f"reduction_param {{ {params} }}", bottoms=((2, 3, 2, 2),), kinks=(0.0,)
    )


@pytest.mark.parametrize("operation", ["SUM", "ASUM", "SUMSQ", "MEAN"])
@pytest.mark.parametrize("params", ["", "axis: 1", "axis: -1 coeff: -0.5"])
def test_laws(operation: str, params: str) -> None:
    case(f"operation: {operation} {params}").check_laws()


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("SUM", [-4.0, 14.0]), ("ASUM", [12.0, 14.0]), ("SUMSQ", [40.0, 50.0]), ("MEAN", [-2.0, 7.0])],
)
def test_values(operation: str, expected: list[float]) -> None:
    x = torch.tensor([[2.0, -4.0], [3.0, 4.0]])

    (y,) = case(f"operation: {operation} axis: 1 coeff: 2").run(x)

    assert y.tolist() == expected


def test_axis_must_exist() -> None:
    assert case("axis: 4").refusal() == (
        "axis 4 is out of range for a bottom of shape (2, 3, 2, 2)"
    )
