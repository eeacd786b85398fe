"""MemoryData."""

import pytest

from tests.layers.case import LayerCase


def case(params: str) -> LayerCase:
    return LayerCase("MemoryData", f"memory_data_param {{ {params} }}", bottoms=(), tops=2)


def test_the_message_says_the_shapes() -> None:
    layer = case("batch_size: 2 channels: 3 height: 4 width: 5").layer

    assert layer.infer() == ((2, 3, 4, 5), (2,))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("channels: 3 height: 4 width: 5", "`batch_size` is not set"),
        ("batch_size: 2 channels: 3 height: 0 width: 5", "`height` is 0"),
    ],
)
def test_all_extents_are_positive(params: str, message: str) -> None:
    assert case(params).refusal() == message
