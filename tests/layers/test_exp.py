"""Exp."""

import pytest
import torch

from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"exp_param {{ {params} }}"


@pytest.mark.parametrize(
    "params", ["", "base: 2", "base: 10 scale: 0.5 shift: -1", "scale: 0", "base: 1 shift: 2"]
)
def test_laws(params: str) -> None:
    LayerCase("Exp", text(params), bottoms=((2, 3, 4),)).check_laws()


def test_it_is_a_power_of_the_base() -> None:
    case = LayerCase("Exp", text("base: 3 scale: 2 shift: -1"), bottoms=((3,),))

    (y,) = case.run(torch.tensor([0.0, 0.5, 1.0]))

    torch.testing.assert_close(y, torch.tensor([1 / 3, 1.0, 3.0]))


@pytest.mark.parametrize("base", ["0", "-2", "inf", "nan"])
def test_a_base_without_logarithm_is_refused(base: str) -> None:
    case = LayerCase("Exp", text(f"base: {base}"), bottoms=((3,),))

    assert case.refusal() == f"`base` {base} must be above 0 and finite, or -1 for e"
