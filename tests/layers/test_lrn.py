"""LRN."""

import pytest
import torch
from torch import Tensor, nn

from tests.layers.case import LayerCase

SHAPE = (2, 7, 3, 4)


def text(params: str) -> str:
    return f"lrn_param {{ {params} }}"


@pytest.mark.parametrize(
    "params",
    [
        "",
        "local_size: 1",
        "local_size: 3 alpha: 0.5 beta: 0.5 k: 2",
        "local_size: 19",
        "norm_region: WITHIN_CHANNEL local_size: 3",
        "norm_region: WITHIN_CHANNEL local_size: 1 beta: 1",
        "norm_region: WITHIN_CHANNEL local_size: 7",
    ],
)
def test_laws(params: str) -> None:
    LayerCase("LRN", text(params), bottoms=(SHAPE,)).check_laws()


def _tops_and_diffs(module: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.detach().requires_grad_(True)
    y = module(x)
    diff = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    return y, torch.autograd.grad(y, x, diff)[0]


@pytest.mark.parametrize("beta", [0.75, 0.5, 1.2])
@pytest.mark.parametrize("size", [1, 5, 13])
def test_across_channels_is_torch_s_in_float32_too(size: int, beta: float) -> None:
    params = f"local_size: {size} alpha: 0.7 beta: {beta} k: 1.5"
    case = LayerCase("LRN", text(params), bottoms=(SHAPE,))
    (x,) = case.inputs(torch.float32)

    got = _tops_and_diffs(case.module(), x)

    expected = _tops_and_diffs(nn.LocalResponseNorm(size, alpha=0.7, beta=beta, k=1.5), x)
    torch.testing.assert_close(got, expected, rtol=2e-6, atol=1e-6)


def test_within_a_channel_places_outside_count_as_zeros_and_k_as_1() -> None:
    params = "norm_region: WITHIN_CHANNEL local_size: 3 alpha: 9 beta: 1 k: 100"
    case = LayerCase("LRN", text(params), bottoms=((1, 1, 2, 2),))

    (y,) = case.run(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))

    # all four values are in every window of 9 places
    torch.testing.assert_close(y.flatten(), torch.tensor([1.0, 2.0, 3.0, 4.0]) / (1 + 30))


def test_an_even_window_is_refused() -> None:
    case = LayerCase("LRN", text("local_size: 4"), bottoms=(SHAPE,))

    assert case.refusal() == "`local_size` 4 must be odd"


def test_other_than_four_axes_are_refused() -> None:
    assert (
        LayerCase("LRN", "", bottoms=((2, 3),)).refusal()
        == "LRN needs 4 axes, the bottom is (2, 3)"
    )
