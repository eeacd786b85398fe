"""ReLU."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize(
    "params",
    ["", "relu_param { negative_slope: 0.1 }", "relu_param { negative_slope: -0.5 engine: CUDNN }"],
)
def test_laws(params: str) -> None:
    LayerCase("ReLU", params, bottoms=((2, 3, 4, 5),), kinks=(0.0,)).check_laws()


def test_the_gradient_at_0_is_the_slope() -> None:
    x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)

    case = LayerCase("ReLU", "relu_param { negative_slope: 0.25 }", bottoms=((3,),))
    (y,) = case.run(x)
    y.sum().backward()

    assert y.tolist() == [-0.5, 0.0, 2.0]
    assert x.grad is not None
    assert x.grad.tolist() == [0.25, 0.25, 1.0]
