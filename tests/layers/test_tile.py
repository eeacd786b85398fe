"""Tile."""

import pytest
import torch

from tests.layers.case import LayerCase


def case(params: str) -> LayerCase:
    return LayerCase("Tile", f"tile_param {{ {params} }}", bottoms=((2, 3, 4, 2),))


@pytest.mark.parametrize(
    "params", ["tiles: 1", "tiles: 2", "axis: 0 tiles: 3", "axis: -1 tiles: 2"]
)
def test_laws(params: str) -> None:
    case(params).check_laws()


def test_block_after_block() -> None:
    (y,) = case("tiles: 2").run(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))

    assert y.tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "`tiles` is not set"),
        ("tiles: 0", "`tiles` is 0"),
        ("tiles: -1", "`tiles` is -1"),
        ("tiles: 2 axis: 4", "axis 4 is out of range for a bottom of shape (2, 3, 4, 2)"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message
