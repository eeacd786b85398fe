"""Clip."""

import torch

from tests.layers.case import LayerCase

TEXT = "clip_param { min: -1 max: 0.5 }"


def test_laws() -> None:
    LayerCase("Clip", TEXT, bottoms=((2, 3, 4, 5),), kinks=(-1.0, 0.5)).check_laws()


def test_the_gradient_passes_at_the_bounds_too() -> None:
    x = torch.tensor([-1.5, -1.0, 0.0, 0.5, 0.6], requires_grad=True)

    (y,) = LayerCase("Clip", TEXT, bottoms=((5,),)).run(x)
    y.sum().backward()

    assert y.tolist() == [-1.0, -1.0, 0.0, 0.5, 0.5]
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_of_bounds_in_the_wrong_order_the_lower_one_wins() -> None:
    # torch.clamp lets the upper one win
    case = LayerCase("Clip", "clip_param { min: 2 max: 1 }", bottoms=((3,),))

    (y,) = case.run(torch.tensor([0.0, 1.5, 3.0]))

    assert y.tolist() == [2.0, 2.0, 2.0]


def test_bounds_are_required() -> None:
    case = LayerCase("Clip", "", bottoms=((3,),))

    assert case.refusal() == "`clip_param` with `min` and `max` is not set"
