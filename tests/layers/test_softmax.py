"""Softmax."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("params", ["", "softmax_param { axis: 0 }", "softmax_param { axis: -1 }"])
def test_laws(params: str) -> None:
    LayerCase("Softmax", params, bottoms=((2, 3, 4, 5),)).check_laws()


def test_large_scores_do_not_overflow() -> None:
    (y,) = LayerCase("Softmax", "", bottoms=((1, 2),)).run(torch.tensor([[1000.0, 1000.0]]))

    assert y.tolist() == [[0.5, 0.5]]


def test_axis_must_exist() -> None:
    case = LayerCase("Softmax", "softmax_param { axis: 2 }", bottoms=((2, 3),))

    assert case.refusal() == "axis 2 is out of range for a bottom of shape (2, 3)"
