"""AbsVal."""

import torch

from tests.layers.case import LayerCase


def test_laws() -> None:
    LayerCase("AbsVal", "", bottoms=((2, 3, 4, 5),), kinks=(0.0,)).check_laws()


def test_the_gradient_is_the_sign_and_0_at_0() -> None:
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)

    (y,) = LayerCase("AbsVal", "", bottoms=((3,),)).run(x)
    y.sum().backward()

    assert y.tolist() == [2.0, 0.0, 3.0]
    assert x.grad is not None
    assert x.grad.tolist() == [-1.0, 0.0, 1.0]


def test_caffe_refuses_it_in_place() -> None:
    assert not LayerCase("AbsVal", "", bottoms=((3,),)).layer.may_be_in_place
