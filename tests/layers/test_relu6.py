"""ReLU6."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "relu6_param { negative_slope: 0.5 }"])
def test_laws(params: str) -> None:
    case = LayerCase("ReLU6", params, bottoms=((2, 3, 4, 5),), kinks=(0.0, 6.0), low=-8, high=8)
    case.check_laws()


@pytest.mark.parametrize(
    ("params", "slope"), [("", 0.0), ("relu6_param { negative_slope: 0.5 }", 0.5)]
)
def test_the_gradient_stops_at_6_and_is_the_slope_up_to_0(params: str, slope: float) -> None:
    x = torch.tensor([-2.0, 0.0, 3.0, 6.0, 7.0], requires_grad=True)

    (y,) = LayerCase("ReLU6", params, bottoms=((5,),)).run(x)
    y.sum().backward()

    assert y.tolist() == [-2 * slope, 0.0, 3.0, 6.0, 6.0]
    assert x.grad is not None
    assert x.grad.tolist() == [slope, slope, 1.0, 0.0, 0.0]
