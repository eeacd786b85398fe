"""SmoothL1Loss."""

import numpy as np
import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 2, 2)


def text(sigma: float) -> str:
    return f"smooth_l1_loss_param {{ sigma: {sigma} }}"


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_laws(count: int, sigma: float) -> None:
    LayerCase("SmoothL1Loss", text(sigma), bottoms=(SHAPE,) * count, labels=4).check_laws()


def test_axes_of_one_may_be_left_out() -> None:
    LayerCase("SmoothL1Loss", "", bottoms=((4, 3), (4, 3, 1, 1))).check_laws()


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
def test_terms_are_quadratic_near_0_and_linear_beyond(count: int, sigma: float) -> None:
    case = LayerCase("SmoothL1Loss", text(sigma), bottoms=(SHAPE,) * count, labels=4)
    inputs = [x.detach() for x in case.inputs()]

    (loss,) = case.run(*inputs)

    a, b, inside, outside = (x.numpy() for x in (*inputs, *(torch.ones(SHAPE),) * (4 - count)))
    expected = 0.0
    for at in np.ndindex(SHAPE):
        d = abs(inside[at] * (a[at] - b[at]))
        near = d < 1 / sigma**2
        expected += outside[at] * (0.5 * (sigma * d) ** 2 if near else d - 0.5 / sigma**2)
    assert loss.item() == pytest.approx(expected / SHAPE[0])


def test_inside_weights_of_three_bottoms_count_in_the_gradient_too() -> None:
    a = torch.full((1, 1), 0.5, requires_grad=True)
    case = LayerCase("SmoothL1Loss", "", bottoms=((1, 1),) * 3)

    case.run(a, torch.zeros(1, 1), torch.full((1, 1), 0.5))[0].backward()

    assert a.grad is not None
    assert a.grad.tolist() == [[0.125]]


def test_a_sigma_of_0_leaves_no_loss() -> None:
    (loss,) = LayerCase("SmoothL1Loss", text(0), bottoms=((1, 1),) * 2).run(
        torch.ones(1, 1), torch.zeros(1, 1)
    )

    assert loss.item() == 0


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (1, 3)), "bottom 0 holds 2 items, but bottom 1 holds 1"),
        (((2, 3), (2, 4)), "bottoms of shapes (2, 3) and (2, 4) are not alike"),
        (((2, 3), (2, 3), (2, 1, 3)), "bottoms of shapes (2, 3) and (2, 1, 3) are not alike"),
        (
            ((1,) * 5, (1,) * 5),
            "a bottom of shape (1, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("SmoothL1Loss", "", bottoms=bottoms).refusal() == message
