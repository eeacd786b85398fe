"""DummyData."""

import pytest

from tests.layers.case import LayerCase

SHAPE = "shape { dim: 2 dim: 3 }"
LEGACY = "num: 2 channels: 3 height: 4 width: 5"


def case(params: str, tops: int = 2) -> LayerCase:
    return LayerCase("DummyData", f"dummy_data_param {{ {params} }}", bottoms=(), tops=tops)


@pytest.mark.parametrize(
    ("params", "tops"),
    [
        (SHAPE, ((2, 3), (2, 3))),
        (SHAPE + "shape { dim: 7 }", ((2, 3), (7,))),
        (LEGACY, ((2, 3, 4, 5), (2, 3, 4, 5))),
        (LEGACY + " num: 6", ((2, 3, 4, 5), (6, 3, 4, 5))),
    ],
)
def test_the_message_says_the_shapes(params: str, tops: tuple[tuple[int, ...], ...]) -> None:
    assert case(params).layer.infer() == tops


@pytest.mark.parametrize("fillers", [0, 1, 2])
def test_there_may_be_no_filler_one_or_one_a_top(fillers: int) -> None:
    params = SHAPE + fillers * "data_filler { value: 1 } "

    assert case(params).layer.infer() == ((2, 3), (2, 3))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "there are 0 `shape` for 2 tops"),
        (3 * SHAPE, "there are 3 `shape` for 2 tops"),
        (SHAPE + 3 * "data_filler { } ", "there are 3 `data_filler` for 2 tops"),
        (SHAPE + LEGACY, "`shape` and `num`, `channels`, `height`, `width` are both set"),
        (SHAPE + "width: 1", "`shape` and `num`, `channels`, `height`, `width` are both set"),
        ("num: 1", "there are 0 `channels` for 2 tops"),
        ("channels: 1", "there are 0 `num` for 2 tops"),
        (LEGACY + " width: 1 width: 1", "there are 3 `width` for 2 tops"),
        ("shape { dim: -3 }", "an axis cannot have the extent -3"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message
