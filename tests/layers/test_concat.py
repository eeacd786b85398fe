"""Concat."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


@pytest.mark.parametrize(
    ("params", "bottoms"),
    [
        ("", ((2, 3, 2, 2), (2, 1, 2, 2))),
        ("concat_param { axis: 0 }", ((2, 3), (1, 3), (4, 3))),
        ("concat_param { axis: -1 }", ((2, 3, 2), (2, 3, 4))),
        ("concat_param { concat_dim: 2 }", ((2, 3, 2), (2, 3, 4))),
        ("", ((2, 3),)),
    ],
)
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Concat", params, bottoms=bottoms).check_laws()


def test_one_after_the_other() -> None:
    case = LayerCase("Concat", "", bottoms=((1, 2), (1, 1)))

    (y,) = case.run(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]]))

    assert y.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("axis: 1 concat_dim: 1", ((2, 3),), "`axis` and `concat_dim` are both set"),
        ("axis: 2", ((2, 3),), "axis 2 is out of range for a bottom of shape (2, 3)"),
        ("concat_dim: 2", ((2, 3),), "axis 2 is out of range for a bottom of shape (2, 3)"),
        (
            "",
            ((2, 3), (3, 3)),
            "bottom 1 of shape (3, 3) and bottom 0 of shape (2, 3) differ elsewhere than in axis 1",
        ),
        (
            "",
            ((2, 3), (2, 3, 1)),
            (
                "bottom 1 of shape (2, 3, 1) and bottom 0 of shape (2, 3) "
                "differ elsewhere than in axis 1"
            ),
        ),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    case = LayerCase("Concat", f"concat_param {{ {params} }}", bottoms=bottoms)

    assert case.refusal() == message
