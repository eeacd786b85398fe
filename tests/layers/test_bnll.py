"""BNLL."""

import torch

from tests.layers.case import LayerCase


def test_laws() -> None:
    LayerCase("BNLL", "", bottoms=((2, 3, 4, 5),)).check_laws()


def test_it_is_log_1_plus_exp_and_does_not_overflow() -> None:
    x = torch.tensor([-100.0, -1.0, 0.0, 30.0, 100.0], dtype=torch.float64)

    (y,) = LayerCase("BNLL", "", bottoms=((5,),)).run(x)

    torch.testing.assert_close(y, x.exp().log1p(), rtol=1e-12, atol=0)
