"""RReLU."""

import math

import pytest
import torch

from tests.layers.case import SEED, LayerCase

TEXT = "rrelu_param { lb: 2 ub: 4 }"


@pytest.mark.parametrize("params", ["", TEXT, "rrelu_param { lb: -4 ub: -2 }"])
def test_laws(params: str) -> None:
    case = LayerCase("RReLU", params, bottoms=((2, 3, 4, 5),), kinks=(0.0,), random=True)
    case.check_laws()


def test_train_divides_by_draws_between_the_bounds() -> None:
    torch.manual_seed(SEED)

    (y,) = LayerCase("RReLU", TEXT, bottoms=((10_000,),)).run(-torch.ones(10_000), train=True)

    draws = -1 / y
    assert 2 <= draws.min() < 2.01
    assert 3.99 < draws.max() <= 4
    assert draws.mean().item() == pytest.approx(3, abs=0.03)


def test_train_keeps_what_is_above_0() -> None:
    (y,) = LayerCase("RReLU", TEXT, bottoms=((3,),)).run(torch.tensor([0.0, 1.0, 2.0]), train=True)

    assert y.tolist() == [0.0, 1.0, 2.0]


def test_test_divides_by_what_the_draws_divide_by_on_average() -> None:
    (y,) = LayerCase("RReLU", TEXT, bottoms=((2,),)).run(torch.tensor([-1.0, 1.0]))

    torch.testing.assert_close(y, torch.tensor([-math.log(2) / 2, 1.0]))


@pytest.mark.parametrize("bounds", ["lb: 4 ub: 2", "lb: 2 ub: 2", "lb: -2 ub: 4", "lb: 0 ub: 4"])
def test_bounds_without_a_mean_are_refused(bounds: str) -> None:
    low, high = bounds.removeprefix("lb: ").split(" ub: ")

    assert LayerCase("RReLU", f"rrelu_param {{ {bounds} }}", bottoms=((3,),)).refusal() == (
        f"`lb` {low} must be below `ub` {high}, both above 0 or both below"
    )
