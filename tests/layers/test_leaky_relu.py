"""LeakyReLU."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "relu_param { negative_slope: 0.25 }"])
def test_laws(params: str) -> None:
    LayerCase("LeakyReLU", params, bottoms=((2, 3, 4, 5),), kinks=(0.0,)).check_laws()


@pytest.mark.parametrize(
    ("params", "slope"),
    [
        ("", 0.01),
        ("relu_param { engine: CAFFE }", 0.01),
        ("relu_param { negative_slope: 0.25 }", 0.25),
        ("relu_param { negative_slope: 0 }", 0.0),
    ],
)
def test_the_slope_is_a_hundredth_unless_given(params: str, slope: float) -> None:
    (y,) = LayerCase("LeakyReLU", params, bottoms=((2,),)).run(torch.tensor([-1.0, 2.0]))

    torch.testing.assert_close(y, torch.tensor([-slope, 2.0]))
