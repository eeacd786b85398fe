"""ELU."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize(
    "params", ["", "elu_param { alpha: 0 }", "elu_param { alpha: 0.5 }", "elu_param { alpha: -1 }"]
)
def test_laws(params: str) -> None:
    LayerCase("ELU", params, bottoms=((2, 3, 4, 5),), kinks=(0.0,)).check_laws()


def test_the_negative_side_saturates_at_minus_alpha() -> None:
    case = LayerCase("ELU", "elu_param { alpha: 0.5 }", bottoms=((3,),))

    (y,) = case.run(torch.tensor([-100.0, 0.0, 2.0]))

    assert y.tolist() == [-0.5, 0.0, 2.0]


def test_the_gradient_at_0_is_alpha() -> None:
    x = torch.zeros(1, requires_grad=True)

    LayerCase("ELU", "elu_param { alpha: 0.5 }", bottoms=((1,),)).run(x)[0].backward()

    assert x.grad is not None
    assert x.grad.tolist() == [0.5]
