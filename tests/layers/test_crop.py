"""Crop."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 4, 5, 6)


def case(params: str, reference: Shape = (1, 2, 3, 4)) -> LayerCase:
    return LayerCase("Crop", f"crop_param {{ {params} }}", bottoms=(SHAPE, reference))


@pytest.mark.parametrize(
    ("params", "top"),
    [
        ("", (2, 4, 3, 4)),
        ("offset: 1", (2, 4, 3, 4)),
        ("offset: 2 offset: 0", (2, 4, 3, 4)),
        ("axis: 1 offset: 2 offset: 1 offset: 0", (2, 2, 3, 4)),
        ("axis: -1 offset: 2", (2, 4, 5, 4)),
        ("axis: 0", (1, 2, 3, 4)),
    ],
)
def test_laws(params: str, top: Shape) -> None:
    case(params).check_laws()

    assert case(params).layer.infer(SHAPE, (1, 2, 3, 4)) == (top,)


def test_begins_at_the_offset() -> None:
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    cropped = LayerCase(
        "Crop", "crop_param { offset: 1 offset: 0 }", bottoms=((1, 1, 2, 3), (1, 1, 1, 2))
    )

    (y,) = cropped.run(x, torch.zeros(1, 1, 1, 2))

    assert y.tolist() == [[[[3, 4]]]]


@pytest.mark.parametrize(
    ("params", "reference", "message"),
    [
        ("offset: 3", (1, 1, 3, 3), "axis 2 has the extent 5: 3 from offset 3 on do not fit"),
        ("", (1, 1, 5, 7), "axis 3 has the extent 6: 7 from offset 0 on do not fit"),
        ("offset: 0 offset: 0 offset: 0", SHAPE, "there are 3 `offset` for 2 cropped axes"),
        (
            "",
            (1, 1, 3),
            "bottom 1 of shape (1, 1, 3) has fewer axes than bottom 0 of shape (2, 4, 5, 6)",
        ),
        ("axis: 4", SHAPE, "axis 4 is out of range for a bottom of shape (2, 4, 5, 6)"),
    ],
)
def test_refusals(params: str, reference: Shape, message: str) -> None:
    assert case(params, reference).refusal() == message
