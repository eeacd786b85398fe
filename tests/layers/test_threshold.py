"""Threshold."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "threshold_param { threshold: -0.5 }"])
def test_laws(params: str) -> None:
    LayerCase("Threshold", params, bottoms=((2, 3, 4, 5),), differentiable=False).check_laws()


def test_the_threshold_itself_is_not_above_it() -> None:
    case = LayerCase("Threshold", "threshold_param { threshold: 0.5 }", bottoms=((3,),))

    (y,) = case.run(torch.tensor([0.4, 0.5, 0.6], requires_grad=True))

    assert y.tolist() == [0.0, 0.0, 1.0]
    assert not y.requires_grad
