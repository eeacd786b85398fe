"""Split."""

import pytest
import torch

from tests.layers.case import LayerCase


@pytest.mark.parametrize("tops", [1, 3])
def test_laws(tops: int) -> None:
    LayerCase("Split", "", bottoms=((2, 3),), tops=tops).check_laws()


def test_gradients_add_up() -> None:
    x = torch.zeros(1, requires_grad=True)

    a, b = LayerCase("Split", "", bottoms=((1,),), tops=2).run(x)
    (2 * a + 3 * b).backward()

    assert x.grad is not None
    assert x.grad.item() == 5
