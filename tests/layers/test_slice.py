"""Slice."""

import pytest
import torch

from protonet.layers.base import LayerError
from tests.layers.case import LayerCase


def case(params: str, tops: int) -> LayerCase:
    return LayerCase("Slice", f"slice_param {{ {params} }}", bottoms=((4, 6, 3, 2),), tops=tops)


@pytest.mark.parametrize(
    ("params", "tops"),
    [
        ("", 1),
        ("", 3),
        ("axis: 0", 2),
        ("axis: -2", 3),
        ("slice_point: 1 slice_point: 4", 3),
        ("slice_dim: 1 slice_point: 5", 2),
    ],
)
def test_laws(params: str, tops: int) -> None:
    case(params, tops).check_laws()


def test_cuts_before_each_point() -> None:
    sliced = LayerCase(
        "Slice", "slice_param { axis: 0 slice_point: 1 slice_point: 3 }", bottoms=((4,),), tops=3
    )

    tops = sliced.run(torch.tensor([1.0, 2.0, 3.0, 4.0]))

    assert [top.tolist() for top in tops] == [[1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("params", "tops", "message"),
    [
        ("", 4, "6 cannot be cut into 4 equal parts"),
        ("axis: 1 slice_dim: 1", 2, "`axis` and `slice_dim` are both set"),
        ("axis: 4", 2, "axis 4 is out of range for a bottom of shape (4, 6, 3, 2)"),
        ("slice_dim: 4", 2, "axis 4 is out of range for a bottom of shape (4, 6, 3, 2)"),
        ("slice_point: 2", 3, "1 `slice_point` cut into 2 parts, but the layer has 3 tops"),
        ("slice_point: 3 slice_point: 3", 3, "`slice_point` [3, 3] do not rise from 1 to 5"),
        ("slice_point: 0", 2, "`slice_point` [0] do not rise from 1 to 5"),
        ("slice_point: 6", 2, "`slice_point` [6] do not rise from 1 to 5"),
    ],
)
def test_refusals(params: str, tops: int, message: str) -> None:
    assert case(params, tops).refusal() == message


def test_the_place_of_a_bad_point_is_named() -> None:
    with pytest.raises(LayerError) as caught:
        case("slice_point: 4 slice_point: 2", 3).layer.infer((4, 6))

    assert caught.value.field == ("slice_param", "slice_point", 1)
