"""L2Normalize."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4), (3,)])
def test_laws(shape: Shape) -> None:
    LayerCase("L2Normalize", "", bottoms=(shape,)).check_laws()


def test_a_sample_has_unit_length_and_four_axes() -> None:
    (y,) = LayerCase("L2Normalize", "", bottoms=((2, 2),)).run(
        torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    )

    torch.testing.assert_close(y, torch.tensor([[0.6, 0.8], [0.0, 0.0]]).reshape(2, 2, 1, 1))


def test_more_than_four_axes_are_refused() -> None:
    assert LayerCase("L2Normalize", "", bottoms=((1, 1, 1, 1, 2),)).refusal() == (
        "a bottom of shape (1, 1, 1, 1, 2) has more than four axes (N, C, H, W)"
    )
