"""MVN."""

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import Backward, LayerCase

SHAPE = (2, 3, 4, 5)


def text(params: str) -> str:
    return f"mvn_param {{ {params} }}"


def _caffes(axes: tuple[int, ...], eps: float) -> Backward:
    """``dx = (dy - mean(dy) - y mean(y dy)) / (std + eps)``."""

    def backward(inputs: tuple[Tensor, ...], diffs: tuple[Tensor, ...]) -> tuple[Tensor]:
        (x,), (dy,) = inputs, diffs

        def mean(t: Tensor) -> Tensor:
            return t.mean(axes, keepdim=True)

        x = x.detach().reshape(dy.shape)
        std = mean((x - mean(x)).square()).sqrt() + eps
        y = (x - mean(x)) / std
        return (((dy - mean(dy) - y * mean(y * dy)) / std).reshape(inputs[0].shape),)

    return backward


@pytest.mark.parametrize(
    ("params", "axes", "eps"),
    [("", (2, 3), 1e-9), ("eps: 0.3", (2, 3), 0.3), ("across_channels: true", (1, 2, 3), 1e-9)],
)
def test_laws(params: str, axes: tuple[int, ...], eps: float) -> None:
    LayerCase("MVN", text(params), bottoms=(SHAPE,), backward=_caffes(axes, eps)).check_laws()


@pytest.mark.parametrize("shape", [SHAPE, (3, 4)])
@pytest.mark.parametrize("params", ["", "across_channels: true"])
def test_laws_without_variance(params: str, shape: Shape) -> None:
    LayerCase("MVN", text(f"normalize_variance: false {params}"), bottoms=(shape,)).check_laws()


def test_eps_is_added_to_the_deviation_not_to_the_variance() -> None:
    case = LayerCase("MVN", text("eps: 0.5"), bottoms=((1, 1, 1, 2),))

    (y,) = case.run(torch.tensor([[[[1.0, 3.0]]]]))

    torch.testing.assert_close(y.flatten(), torch.tensor([-1.0, 1.0]) / 1.5)


def test_the_gradient_is_the_derivative_where_eps_is_small() -> None:
    case = LayerCase("MVN", "", bottoms=(SHAPE,))

    assert torch.autograd.gradcheck(case.module(), case.inputs())


def test_the_top_has_four_axes() -> None:
    assert LayerCase("MVN", "", bottoms=((2, 3),)).layer.infer((2, 3)) == ((2, 3, 1, 1),)


def test_more_than_four_axes_are_refused() -> None:
    case = LayerCase("MVN", "", bottoms=((1, 1, 1, 1, 2),))

    assert case.refusal() == "MVN takes at most 4 axes, the bottom is (1, 1, 1, 1, 2)"
