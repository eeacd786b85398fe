"""Swish."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "swish_param { beta: -0.5 }", "swish_param { beta: 0 }"])
def test_laws(params: str) -> None:
    LayerCase("Swish", params, bottoms=((2, 3, 4, 5),)).check_laws()


@pytest.mark.parametrize("beta", [1.0, 2.5])
def test_it_is_x_times_its_sigmoid(beta: float) -> None:
    x = torch.linspace(-3, 3, 7)

    (y,) = LayerCase("Swish", f"swish_param {{ beta: {beta} }}", bottoms=((7,),)).run(x)

    torch.testing.assert_close(y, x / (1 + (-beta * x).exp()))
