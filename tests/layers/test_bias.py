"""Bias."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("params", "bottoms"),
    [
        ("", (SHAPE,)),
        ("bias_param { axis: 0 num_axes: 2 }", (SHAPE,)),
        ("bias_param { axis: -1 }", (SHAPE,)),
        ("bias_param { num_axes: -1 }", (SHAPE,)),
        ("bias_param { num_axes: 0 }", (SHAPE,)),
        ("", (SHAPE, (3, 4))),
        ("bias_param { axis: 0 }", (SHAPE, SHAPE)),
        ("", (SHAPE, ())),
    ],
)
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Bias", params, bottoms=bottoms).check_laws()


def test_bias_covers_the_axes_asked_for() -> None:
    case = LayerCase("Bias", "bias_param { axis: 1 num_axes: 2 }", bottoms=(SHAPE,))
    x, bias = (t.detach() for t in case.inputs())

    (y,) = case.run(x, bias)

    assert bias.shape == (3, 4)
    torch.testing.assert_close(y, x + bias[None, :, :, None])


def test_the_second_bottom_is_the_bias() -> None:
    case = LayerCase("Bias", "bias_param { axis: 0 }", bottoms=(SHAPE, (2,)))
    x, bias = (t.detach() for t in case.inputs())

    (y,) = case.run(x, bias)

    assert case.weights == ()
    torch.testing.assert_close(y, x + bias[:, None, None, None])


def test_num_axes_0_is_one_number_for_all() -> None:
    case = LayerCase("Bias", "bias_param { num_axes: 0 }", bottoms=(SHAPE,))

    assert [w.shape for w in case.weights] == [()]


def test_a_bottom_that_does_not_fit_is_refused() -> None:
    case = LayerCase("Bias", "", bottoms=(SHAPE, (4,)))

    assert (
        case.refusal()
        == "bottom 1 of shape (4,) does not fit bottom 0 of shape (2, 3, 4, 5) from axis 1 on"
    )


def test_nothing_is_multiplied() -> None:
    case = LayerCase("Bias", "bias_param { num_axes: 2 }", bottoms=(SHAPE,))

    assert case.layer.multiplications(SHAPE) == 0
