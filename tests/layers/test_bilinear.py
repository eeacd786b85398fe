"""Bilinear."""

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize("bottoms", [((2, 3, 2, 3), (2, 4, 2, 3)), ((2, 3), (2, 2, 1, 1))])
def test_laws(bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Bilinear", "", bottoms=bottoms).check_laws()


def test_sums_outer_products() -> None:
    case = LayerCase("Bilinear", "", bottoms=((2, 3, 2, 2), (2, 4, 2, 2)))
    a, b = (x.detach() for x in case.inputs())

    (y,) = case.run(a, b)

    expected = torch.zeros(2, 3, 4, dtype=torch.float64)
    for h in range(2):
        for w in range(2):
            expected += a[:, :, None, h, w] * b[:, None, :, h, w]
    torch.testing.assert_close(y, expected.reshape(2, 12, 1, 1))


def test_one_blob_may_be_both_bottoms() -> None:
    case = LayerCase("Bilinear", "", bottoms=((2, 3, 2, 2), (2, 3, 2, 2)))
    x, _ = case.inputs()

    def twice(x: Tensor) -> Tensor:
        return case.run(x, x)[0]

    assert torch.autograd.gradcheck(twice, (x,))


@pytest.mark.parametrize("other", [(3, 3, 2, 2), (2, 3, 2, 1)])
def test_bottoms_differ_in_channels_only(other: Shape) -> None:
    case = LayerCase("Bilinear", "", bottoms=((2, 3, 2, 2), other))

    assert case.refusal() == (
        f"bottoms of shapes (2, 3, 2, 2) and {other} differ elsewhere than in channels"
    )
