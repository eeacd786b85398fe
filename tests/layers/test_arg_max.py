"""ArgMax."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(params: str, bottom: Shape = (2, 3, 4)) -> LayerCase:
    text = f"argmax_param {{ {params} }}"
    return LayerCase("ArgMax", text, bottoms=(bottom,), differentiable=False)


@pytest.mark.parametrize(
    ("params", "bottom", "top"),
    [
        ("", (2, 3), (2, 1, 1)),
        ("", (4,), (4, 1, 1)),
        ("top_k: 5", (2, 3, 4), (2, 1, 5)),
        ("top_k: 2 out_max_val: true", (2, 3, 4, 5), (2, 2, 2, 1)),
        ("", (2, 3, 1, 1, 2), (2, 1, 1, 1, 1)),
        ("axis: 1", (2, 3, 4), (2, 1, 4)),
        ("axis: -1 top_k: 2", (2, 3, 4), (2, 3, 2)),
        ("axis: 0 out_max_val: true", (2, 3, 4), (1, 3, 4)),
    ],
)
def test_laws(params: str, bottom: Shape, top: Shape) -> None:
    case(params, bottom).check_laws()

    assert case(params, bottom).layer.infer(bottom) == (top,)


X = torch.tensor([[3.0, 7.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("", [[[3]]]),
        ("top_k: 3", [[[3, 1, 2]]]),
        ("top_k: 3 out_max_val: true", [[[3, 1, 2], [7, 7, 5]]]),
        ("axis: 1 top_k: 2", [[3, 1]]),
        ("axis: 1 top_k: 2 out_max_val: true", [[7, 7]]),
        ("axis: 1 out_max_val: true", [[7]]),
    ],
)
def test_of_equal_values_the_larger_index_comes_first(params: str, expected: list[object]) -> None:
    assert case(params, (1, 4)).run(X)[0].tolist() == expected


@pytest.mark.parametrize(
    ("params", "bottom", "message"),
    [
        ("top_k: 0", (2, 3), "`top_k` 0 is not among the 3 values of a bottom of shape (2, 3)"),
        ("top_k: 4", (2, 3), "`top_k` 4 is not among the 3 values of a bottom of shape (2, 3)"),
        (
            "top_k: 3 axis: 0",
            (2, 3),
            "`top_k` 3 is not among the 2 values of a bottom of shape (2, 3)",
        ),
        ("axis: 2", (2, 3), "axis 2 is out of range for a bottom of shape (2, 3)"),
        ("", (), "the bottom has no axes"),
    ],
)
def test_refusals(params: str, bottom: Shape, message: str) -> None:
    assert case(params, bottom).refusal() == message
