"""SignedSqrt."""

import torch
from torch import Tensor

from tests.layers.case import LayerCase


def forks(inputs: tuple[Tensor, ...], diffs: tuple[Tensor, ...]) -> tuple[Tensor]:
    """``0.5 / (|y| + 0.03)``, where the derivative is ``0.5 / |y|``."""
    return (diffs[0] * 0.5 / (inputs[0].detach().abs().sqrt() + 0.03),)


def test_laws() -> None:
    LayerCase("SignedSqrt", "", bottoms=((2, 3, 4, 5),), backward=forks).check_laws()


def test_keeps_the_sign_and_is_smooth_enough_at_zero() -> None:
    x = torch.tensor([4.0, -9.0, 0.0], requires_grad=True)

    (y,) = LayerCase("SignedSqrt", "", bottoms=((3,),)).run(x)
    y.sum().backward()

    assert y.tolist() == [2, -3, 0]
    torch.testing.assert_close(x.grad, 0.5 / torch.tensor([2.03, 3.03, 0.03]))
