"""Reverse."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_laws(axis: int) -> None:
    LayerCase("Reverse", f"reverse_param {{ axis: {axis} }}", bottoms=((2, 3, 4, 5),)).check_laws()


@pytest.mark.parametrize(
    ("params", "expected"),
    [("", [[3.0, 4.0], [1.0, 2.0]]), ("reverse_param { axis: 1 }", [[2.0, 1.0], [4.0, 3.0]])],
)
def test_one_axis_runs_backwards(params: str, expected: list[list[float]]) -> None:
    (y,) = LayerCase("Reverse", params, bottoms=((2, 2),)).run(
        torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    )

    assert y.tolist() == expected


def test_an_axis_that_is_not_there_is_refused() -> None:
    case = LayerCase("Reverse", "reverse_param { axis: 2 }", bottoms=((2, 2),))

    assert case.refusal() == "axis 2 is out of range for a bottom of shape (2, 2)"
