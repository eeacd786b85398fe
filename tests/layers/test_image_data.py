"""ImageData."""

import pytest

from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f'image_data_param {{ source: "list" {params} }}'


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (text(""), "only the data of `ImageData` know the shapes of its tops"),
        (
            text("new_height: 8 new_width: 9"),
            "only the data of `ImageData` know the shapes of its tops",
        ),
        ("", "`source` is not set"),
        (text("batch_size: 0"), "`batch_size` is 0"),
        (text("new_height: 8"), "`new_height` 8 and `new_width` 0 are not both set"),
        (text("new_width: 8"), "`new_height` 0 and `new_width` 8 are not both set"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert LayerCase("ImageData", params, bottoms=(), tops=2).refusal() == message
