"""Dropout."""

import pytest
import torch

from tests.layers.case import SEED, LayerCase


@pytest.mark.parametrize("params", ["", "dropout_param { dropout_ratio: 0 }"])
def test_laws(params: str) -> None:
    LayerCase("Dropout", params, bottoms=((2, 3, 4, 5),), random=True).check_laws()


def test_test_copies() -> None:
    case = LayerCase("Dropout", "", bottoms=((100,),))

    (y,) = case.run(torch.ones(100))

    assert torch.equal(y, torch.ones(100))


def test_train_drops_at_the_ratio_and_scales_up_the_rest() -> None:
    case = LayerCase("Dropout", "dropout_param { dropout_ratio: 0.2 }", bottoms=((10_000,),))
    torch.manual_seed(SEED)

    (y,) = case.run(torch.ones(10_000), train=True)

    assert y.unique().tolist() == [0.0, 1.25]
    # the standard deviation of the share is 0.004
    assert abs((y == 0).float().mean().item() - 0.2) < 0.02


@pytest.mark.parametrize("ratio", ["1", "-0.5"])
def test_a_ratio_that_leaves_nothing_is_refused(ratio: str) -> None:
    case = LayerCase("Dropout", f"dropout_param {{ dropout_ratio: {ratio} }}", bottoms=((3,),))

    assert case.refusal() == f"`dropout_ratio` {ratio} must be at least 0 and below 1"
