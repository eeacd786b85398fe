"""BatchNorm."""

import pytest
import torch
from torch import Tensor

from tests.layers.case import LayerCase

SHAPE = (4, 3, 2, 3)
CASE = LayerCase("BatchNorm", "", bottoms=(SHAPE,))


@pytest.mark.parametrize("shape", [SHAPE, (5, 3), (3, 2, 4), (2, 2, 2, 2, 2)])
@pytest.mark.parametrize(
    "params",
    [
        "",
        "batch_norm_param { use_global_stats: true eps: 0.1 }",
        "batch_norm_param { use_global_stats: false moving_average_fraction: 0.5 }",
    ],
)
def test_laws(params: str, shape: tuple[int, ...]) -> None:
    LayerCase("BatchNorm", params, bottoms=(shape,)).check_laws()


def _stored(channels: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    return (
        torch.arange(channels, dtype=torch.float64),
        torch.arange(1, channels + 1, dtype=torch.float64),
        torch.tensor([2.0], dtype=torch.float64),
    )


def test_train_normalizes_by_the_batch() -> None:
    x = CASE.inputs()[0].detach()

    (y,) = CASE.run(x, *_stored(), train=True)

    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), correction=0, keepdim=True)
    torch.testing.assert_close(y, (x - mean) / (var + 1e-5).sqrt())


def test_test_divides_the_sums_by_the_factor() -> None:
    x, (mean, var, factor) = CASE.inputs()[0].detach(), _stored()

    (y,) = CASE.run(x, mean, var, factor)

    spread = (x.movedim(1, -1) - mean / 2) / (var / 2 + 1e-5).sqrt()
    torch.testing.assert_close(y, spread.movedim(-1, 1))


def test_factor_0_means_mean_0_and_variance_0() -> None:
    x = CASE.inputs()[0].detach()
    mean, var, _ = _stored()

    (y,) = CASE.run(x, mean, var, torch.zeros(1, dtype=torch.float64))

    torch.testing.assert_close(y, x / 1e-5**0.5)


@pytest.mark.parametrize("train", [True, False])
def test_batch_statistics_are_added_to_decayed_sums(train: bool) -> None:
    params = "batch_norm_param { use_global_stats: false moving_average_fraction: 0.5 }"
    case = LayerCase("BatchNorm", params, bottoms=(SHAPE,))
    x, (mean, var, factor) = case.inputs()[0].detach(), _stored()

    case.run(x, mean, var, factor, train=train)

    was_mean, was_var, _ = _stored()
    torch.testing.assert_close(mean, was_mean / 2 + x.mean((0, 2, 3)))
    # torch's var is the unbiased one
    torch.testing.assert_close(var, was_var / 2 + x.var((0, 2, 3)))
    assert factor.item() == 2.0


def test_sums_stay_where_they_are_used() -> None:
    x, stored = CASE.inputs()[0].detach(), _stored()

    CASE.run(x, *stored)

    torch.testing.assert_close(stored, _stored())


def test_one_value_a_channel_has_variance_0() -> None:
    case = LayerCase("BatchNorm", "", bottoms=((1, 3),))
    x, (mean, var, factor) = case.inputs()[0], _stored()

    (y,) = case.run(x, mean, var, factor, train=True)
    (diff,) = torch.autograd.grad(y.sum(), x)

    assert y.tolist() == diff.tolist() == [[0.0, 0.0, 0.0]]
    torch.testing.assert_close(var, _stored()[1] * 0.999, rtol=1e-7, atol=0)


def test_weight_and_bias_of_a_scale_layer_can_be_given_along() -> None:
    x, stored = CASE.inputs()[0].detach(), _stored()
    weight, bias = torch.tensor([2.0, 3.0, 4.0]).double(), torch.tensor([0.5, 0.0, -1.0]).double()

    fused = CASE.module()(x, *stored, weight, bias)

    (y,) = CASE.run(x, *stored)
    torch.testing.assert_close(fused, y * weight[:, None, None] + bias[:, None, None])


def test_statistics_are_no_parameters_and_start_at_0() -> None:
    assert [(w.shape, w.learnable, w.filler.value) for w in CASE.weights] == [
        ((3,), False, 0.0),
        ((3,), False, 0.0),
        ((1,), False, 0.0),
    ]


def test_one_axis_is_refused() -> None:
    case = LayerCase("BatchNorm", "", bottoms=((4,),))

    assert case.refusal() == "a bottom of shape (4,) has no channel axis"
