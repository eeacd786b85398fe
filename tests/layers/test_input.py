"""Input."""

import pytest

from tests.layers.case import LayerCase

X, Y = "shape { dim: 2 dim: 3 }", "shape { dim: 4 }"


def case(params: str, tops: int = 2) -> LayerCase:
    return LayerCase("Input", f"input_param {{ {params} }}", bottoms=(), tops=tops)


def test_one_shape_is_that_of_all_tops() -> None:
    assert case(X).layer.infer() == ((2, 3), (2, 3))


def test_each_top_may_have_its_shape() -> None:
    assert case(X + Y).layer.infer() == ((2, 3), (4,))


def test_a_shape_without_axes_is_a_scalar() -> None:
    assert case("shape { }", tops=1).layer.infer() == ((),)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (X + Y + Y, "there are 3 `shape` for 2 tops"),
        ("", "no `shape` is set"),
        ("shape { dim: 2 dim: -1 }", "an axis cannot have the extent -1"),
        (
            "shape { dim: 65536 dim: 32768 }",
            "a blob of shape (65536, 32768) has more than 2147483647 elements",
        ),
        ("shape { " + 33 * "dim: 1 " + "}", "33 axes are more than 32"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message
