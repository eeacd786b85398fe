"""WindowData."""

import pytest

from tests.layers.case import LayerCase

SOURCE = 'window_data_param { source: "list" batch_size: 4 }'
CROP = "transform_param { crop_size: 5 }"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SOURCE + CROP, "only the data of `WindowData` know the shapes of its tops"),
        ("window_data_param { batch_size: 4 }" + CROP, "`source` is not set"),
        ('window_data_param { source: "list" }' + CROP, "`batch_size` is not set"),
        (SOURCE, "`crop_size` is not set, so windows have no size to be warped to"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert LayerCase("WindowData", params, bottoms=(), tops=2).refusal() == message
