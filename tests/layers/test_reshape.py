"""Reshape."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 6, 4)


def case(params: str, bottom: Shape = SHAPE) -> LayerCase:
    return LayerCase("Reshape", f"reshape_param {{ {params} }}", bottoms=(bottom,))


@pytest.mark.parametrize(
    ("params", "top"),
    [
        ("shape { dim: 0 dim: -1 }", (2, 24)),
        ("shape { dim: -1 }", (48,)),
        ("shape { dim: 0 dim: 3 dim: 2 dim: -1 }", (2, 3, 2, 4)),
        ("shape { dim: 0 dim: 0 dim: 2 dim: 2 }", (2, 6, 2, 2)),
        ("shape { dim: 2 dim: 3 } axis: 1 num_axes: 1", (2, 2, 3, 4)),
        ("shape { dim: 0 dim: 2 dim: 2 } axis: 1", (2, 6, 2, 2)),
        ("shape { dim: 8 dim: 3 } axis: -3", (2, 8, 3)),
        ("shape { dim: 1 dim: 1 } axis: -1", (2, 6, 4, 1, 1)),
        ("shape { dim: 2 dim: -1 } axis: -2", (2, 6, 2, 2)),
        ("shape { dim: 1 } axis: 1 num_axes: 0", (2, 1, 6, 4)),
        ("shape { dim: -1 } axis: 0 num_axes: 2", (12, 4)),
    ],
)
def test_laws(params: str, top: Shape) -> None:
    case(params).check_laws()

    assert case(params).layer.infer(SHAPE) == (top,)


def test_one_value_may_lose_all_axes() -> None:
    assert case("shape { }", (1, 1)).layer.infer((1, 1)) == ((),)


def test_copied_and_inferred_axes_follow_another_batch() -> None:
    (top,) = case("shape { dim: 0 dim: -1 dim: 2 }").run(torch.zeros(5, 6, 8))

    assert top.shape == (5, 24, 2)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            "shape { dim: 5 dim: 10 }",
            "a bottom of shape (2, 6, 4) holds 48 values, but (5, 10) holds 50",
        ),
        ("axis: 4", "axis 4 is out of range for a bottom of shape (2, 6, 4)"),
        ("axis: -5", "axis -5 is out of range for a bottom of shape (2, 6, 4)"),
        ("axis: 2 num_axes: 2", "a bottom of shape (2, 6, 4) has no 2 axes from axis 2 on"),
        ("num_axes: -2", "a bottom of shape (2, 6, 4) has no -2 axes from axis 0 on"),
        ("shape { dim: -2 }", "an axis cannot have the extent -2"),
        ("shape { dim: -1 dim: -1 }", "two axes are -1, but only one can take what is left"),
        (
            "shape { dim: 1 dim: 0 } axis: 2",
            "0 copies axis 3, which a bottom of shape (2, 6, 4) has not",
        ),
        (
            "shape { dim: 5 dim: -1 }",
            (
                "-1 cannot take what is left: the other axes hold 5 values, "
                "and 48 is no multiple of that"
            ),
        ),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message


def test_nothing_is_left_of_an_empty_bottom() -> None:
    assert case("shape { dim: 0 dim: -1 }", (0, 3)).refusal() == (
        "-1 cannot take what is left: the other axes hold 0 values, and 0 is no multiple of that"
    )
