"""Maxout."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

TWO = "maxout_param { chgroup_sz: 2 }"


@pytest.mark.parametrize("params", ["", TWO, "maxout_param { chgroup_sz: 6 }"])
@pytest.mark.parametrize("shape", [(2, 6, 3, 4), (3, 6)])
def test_laws(params: str, shape: Shape) -> None:
    LayerCase("Maxout", params, bottoms=(shape,)).check_laws()


def test_neighbours_compete_and_the_first_of_equals_gets_the_gradient() -> None:
    x = torch.tensor([[1.0, 5.0, 2.0, 2.0]], requires_grad=True)

    (y,) = LayerCase("Maxout", TWO, bottoms=((1, 4),)).run(x)
    y.sum().backward()

    assert y.tolist() == [[5.0, 2.0]]
    assert x.grad is not None
    assert x.grad.tolist() == [[0.0, 1.0, 1.0, 0.0]]


@pytest.mark.parametrize(("size", "shape"), [(4, (2, 6)), (0, (2, 6)), (1, (6,))])
def test_a_size_that_does_not_divide_the_channels_is_refused(size: int, shape: Shape) -> None:
    case = LayerCase("Maxout", f"maxout_param {{ chgroup_sz: {size} }}", bottoms=(shape,))

    assert case.refusal() == (
        f"`chgroup_sz` {size} does not divide the channels of a bottom of shape {shape}"
    )
