"""PReLU."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "prelu_param { channel_shared: true }"])
@pytest.mark.parametrize("bottom", [(2, 3, 4, 5), (4, 3)])
def test_laws(params: str, bottom: Shape) -> None:
    LayerCase("PReLU", params, bottoms=(bottom,), kinks=(0.0,)).check_laws()


def test_each_channel_has_its_slope() -> None:
    x = torch.tensor([[-1.0, -2.0], [3.0, -4.0]])

    (y,) = LayerCase("PReLU", "", bottoms=((2, 2),)).run(x, torch.tensor([0.5, 0.25]))

    assert y.tolist() == [[-0.5, -0.5], [3.0, -1.0]]


def test_the_gradient_at_0_is_the_slope() -> None:
    x, slope = torch.zeros(1, 1, requires_grad=True), torch.tensor([0.3])

    LayerCase("PReLU", "", bottoms=((1, 1),)).run(x, slope)[0].sum().backward()

    torch.testing.assert_close(x.grad, torch.tensor([[0.3]]))


def test_slopes_start_at_a_quarter_and_a_shared_one_is_a_scalar() -> None:
    shared = LayerCase("PReLU", "prelu_param { channel_shared: true }", bottoms=((1, 3),))

    assert [(w.shape, w.filler.value) for w in shared.weights] == [((), 0.25)]


def test_a_bottom_without_channels_is_refused() -> None:
    case = LayerCase("PReLU", "", bottoms=((3,),))

    assert case.refusal() == "PReLU needs at least 2 axes, the bottom is (3,)"
