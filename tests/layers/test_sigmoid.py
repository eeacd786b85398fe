"""Sigmoid."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "sigmoid_param { engine: CAFFE }"])
def test_laws(params: str) -> None:
    LayerCase("Sigmoid", params, bottoms=((2, 3, 4, 5),)).check_laws()


def test_it_is_half_a_hyperbolic_tangent() -> None:
    x = torch.tensor([-100.0, -1.0, 0.0, 0.5, 100.0])

    (y,) = LayerCase("Sigmoid", "", bottoms=((5,),)).run(x)

    # so Caffe computes it since 2017
    torch.testing.assert_close(y, 0.5 * (0.5 * x).tanh() + 0.5)
