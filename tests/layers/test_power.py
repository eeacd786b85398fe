"""Power."""

from math import inf, nan

import pytest
import torch

from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"power_param {{ {params} }}"


@pytest.mark.parametrize(
    "params",
    [
        "",
        "scale: 0.5",
        "scale: -2 shift: 1",
        "power: 2",
        "power: 3 shift: 0.5",
        "power: -1 scale: 2 shift: 5",
        "power: 0.5 shift: 3",
    ],
)
def test_laws(params: str) -> None:
    LayerCase("Power", text(params), bottoms=((2, 3, 4),)).check_laws()


@pytest.mark.parametrize("params", ["power: 0", "scale: 0 shift: 2 power: 3"])
def test_laws_of_constants(params: str) -> None:
    LayerCase("Power", text(params), bottoms=((2, 3),), differentiable=False).check_laws()


def test_it_is_a_power_of_a_line() -> None:
    case = LayerCase("Power", text("power: 2 scale: 3 shift: -1"), bottoms=((3,),))

    (y,) = case.run(torch.tensor([0.0, 1.0, -1.0]))

    assert y.tolist() == [1.0, 4.0, 16.0]


@pytest.mark.parametrize(
    ("params", "constant"), [("power: 0 shift: 5", 1.0), ("scale: 0 shift: 2 power: 3", 8.0)]
)
def test_without_power_or_scale_it_is_constant_even_where_x_is_not_finite(
    params: str, constant: float
) -> None:
    (y,) = LayerCase("Power", text(params), bottoms=((3,),)).run(torch.tensor([1.0, inf, nan]))

    assert y.tolist() == [constant] * 3


def test_a_root_of_a_negative_number_is_nan() -> None:
    (y,) = LayerCase("Power", text("power: 0.5"), bottoms=((2,),)).run(torch.tensor([-1.0, 4.0]))

    assert y.isnan().tolist() == [True, False]


def test_the_gradient_where_the_base_is_0_is_the_limit() -> None:
    # Caffe divides the top by the bottom there, 0 / 0
    x = torch.zeros(1, requires_grad=True)

    LayerCase("Power", text("power: 3"), bottoms=((1,),)).run(x)[0].backward()

    assert x.grad is not None
    assert x.grad.tolist() == [0.0]
