"""BN, in the dialects of three forks."""

import pytest
import torch
from torch import Tensor

from protonet.layers.base import LayerError
from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (4, 3, 2, 3)
PSPNET = "bn_param { slope_filler { value: 1 } momentum: 0.75 eps: 0.1 }"
FROZEN = "bn_param { slope_filler { value: 1 } frozen: true engine: CAFFE }"
SEGNET = "bn_param { scale_filler { value: 1 } bn_mode: LEARN }"
INFERENCE = "bn_param { shift_filler { value: 1 } bn_mode: INFERENCE }"
HAPPYNEAR = "bn_param { scale_filler { value: 1 } decay: 0.75 var_eps: 0.1 }"
OF_BATCH = "bn_param { moving_average: false }"


def case(params: str, shape: Shape = SHAPE) -> LayerCase:
    return LayerCase("BN", params, bottoms=(shape,))


@pytest.mark.parametrize("shape", [SHAPE, (5, 3)])
@pytest.mark.parametrize("params", [PSPNET, FROZEN, SEGNET, INFERENCE, HAPPYNEAR, OF_BATCH])
def test_laws(params: str, shape: Shape) -> None:
    case(params, shape).check_laws()


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * scale.reshape(1, 3, 1, 1) + shift.reshape(1, 3, 1, 1)


def by_batch(x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean((0, 2, 3), keepdim=True)
    return centred / (centred.square().mean((0, 2, 3), keepdim=True) + eps).sqrt()


def by_average(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean.reshape(1, 3, 1, 1)) / (var.reshape(1, 3, 1, 1) + eps).sqrt()


@pytest.mark.parametrize(
    ("params", "train", "eps"),
    [
        (PSPNET, True, 0.1),
        (SEGNET, True, 1e-9),
        (SEGNET, False, 1e-9),
        (HAPPYNEAR, True, 0.1),
        (OF_BATCH, False, 1e-10),
    ],
)
def test_normalizes_by_the_batch(params: str, train: bool, eps: float) -> None:
    x, scale, shift, *_ = inputs = case(params).inputs()

    (y,) = case(params).run(*inputs, train=train)

    torch.testing.assert_close(y, affine(by_batch(x, eps), scale, shift))


@pytest.mark.parametrize(
    ("params", "train", "eps"),
    [(PSPNET, False, 0.1), (FROZEN, False, 1e-5), (FROZEN, True, 1e-5), (HAPPYNEAR, False, 0.1)],
)
def test_normalizes_by_what_is_stored(params: str, train: bool, eps: float) -> None:
    x, scale, shift, mean, var = inputs = case(params).inputs()
    stored = mean.clone(), var.clone()

    (y,) = case(params).run(*inputs, train=train)

    torch.testing.assert_close(y, affine(by_average(x, mean, var, eps), scale, shift))
    torch.testing.assert_close((mean, var), stored, rtol=0, atol=0)


def test_inference_only_scales_and_shifts() -> None:
    x, scale, shift = inputs = case(INFERENCE).inputs()

    (y,) = case(INFERENCE).run(*inputs, train=True)

    torch.testing.assert_close(y, affine(x, scale, shift))


@pytest.mark.parametrize(("params", "share"), [(PSPNET, 0.25), (HAPPYNEAR, 0.75), (OF_BATCH, 0.95)])
def test_train_averages_the_biased_variance(params: str, share: float) -> None:
    """happynear's `decay` is the share of the new value, PSPNet's `momentum` of the old one."""
    x, scale, shift, mean, var = case(params).inputs()
    stored = mean.clone().flatten(), var.clone().flatten()

    case(params).run(x, scale, shift, mean, var, train=True)

    batch = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    for got, old, new in zip((mean, var), stored, batch, strict=True):
        torch.testing.assert_close(
            got.flatten(), old * (1 - share) + new * share, rtol=1e-6, atol=0
        )


def test_one_value_a_channel_has_variance_0() -> None:
    x, scale, shift, mean, var = case(PSPNET, (1, 3)).inputs()
    stored = var.clone()

    (y,) = case(PSPNET, (1, 3)).run(x, scale, shift, mean, var, train=True)
    (diff,) = torch.autograd.grad(y.sum(), x)

    torch.testing.assert_close(y, shift)
    assert diff.tolist() == [[0.0, 0.0, 0.0]]
    torch.testing.assert_close(var, stored * 0.75)


def test_weights_of_pspnet_have_two_axes_and_statistics_start_at_0() -> None:
    assert [(w.shape, w.filler.value, w.learnable, w.frozen) for w in case(PSPNET).weights] == [
        ((1, 3), 1.0, True, False),
        ((1, 3), 0.0, True, False),
        ((1, 3), 0.0, False, True),
        ((1, 3), 0.0, False, True),
    ]


def test_a_frozen_layer_learns_nothing_and_its_variance_starts_at_1() -> None:
    assert [(w.filler.value, w.learnable, w.frozen) for w in case(FROZEN).weights] == [
        (1.0, True, True),
        (0.0, True, True),
        (0.0, False, True),
        (1.0, False, True),
    ]


def test_weights_of_segnet_are_a_scale_and_a_shift_of_four_axes() -> None:
    assert [(w.shape, w.filler.value) for w in case(SEGNET).weights] == [
        ((1, 3, 1, 1), 1.0),
        ((1, 3, 1, 1), 0.0),
    ]


def test_happynear_also_keeps_a_mean_and_a_variance() -> None:
    assert [(w.shape, w.learnable) for w in case(HAPPYNEAR).weights] == [
        ((1, 3, 1, 1), True),
        ((1, 3, 1, 1), True),
        ((1, 3, 1, 1), False),
        ((1, 3, 1, 1), False),
    ]


@pytest.mark.parametrize(
    ("params", "top"), [(PSPNET, (5, 3)), (SEGNET, (5, 3, 1, 1)), (HAPPYNEAR, (5, 3, 1, 1))]
)
def test_two_axes_become_four_in_two_of_the_forks(params: str, top: Shape) -> None:
    assert case(params).layer.infer((5, 3)) == (top,)


@pytest.mark.parametrize(
    ("params", "blobs"),
    [("", 4), ("bn_param { }", 4), ("bn_param { scale_filler { } shift_filler { } }", 2)],
)
def test_where_no_field_decides_the_first_fork_counts(params: str, blobs: int) -> None:
    assert len(case(params).weights) == blobs


def test_another_fork_can_be_asked_for() -> None:
    layer = case("bn_param { scale_filler { } }").layer.model_copy(
        update={"asked_dialect": "happynear"}
    )

    assert [w.shape for w in layer.weights(SHAPE)] == [(1, 3, 1, 1)] * 4


def test_fields_of_two_forks_are_refused() -> None:
    with pytest.raises(LayerError) as caught:
        case("bn_param { frozen: true bn_mode: LEARN }").layer.infer(SHAPE)

    assert (caught.value.message, caught.value.help, caught.value.field) == (
        (
            "its fields are of no single dialect: `pspnet` has no `bn_mode`; "
            "`segnet` has no `frozen`; `happynear` has no `bn_mode` and no `frozen`"
        ),
        "keep the fields of one fork",
        ("bn_param",),
    )


def test_a_fork_that_has_not_the_fields_is_refused() -> None:
    layer = case(PSPNET).layer.model_copy(update={"asked_dialect": "segnet"})

    with pytest.raises(LayerError) as caught:
        layer.infer(SHAPE)

    assert caught.value.message == (
        "its fields are of no single dialect: "
        "`segnet` has no `eps` and no `momentum` and no `slope_filler`"
    )


def test_one_axis_is_refused() -> None:
    assert case(PSPNET, (4,)).refusal() == "a bottom of shape (4,) has no channel axis"


def test_one_multiplication_each_value() -> None:
    assert case(PSPNET).layer.multiplications(SHAPE) == 72
