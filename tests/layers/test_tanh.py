"""TanH."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "tanh_param { engine: CAFFE }"])
def test_laws(params: str) -> None:
    LayerCase("TanH", params, bottoms=((2, 3, 4, 5),)).check_laws()


def test_it_is_the_hyperbolic_tangent() -> None:
    x = torch.tensor([-100.0, -1.0, 0.0, 0.5, 100.0], dtype=torch.float64)

    (y,) = LayerCase("TanH", "", bottoms=((5,),)).run(x)

    torch.testing.assert_close(y, (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()))
