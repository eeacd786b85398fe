"""Scale."""

import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("params", "bottoms"),
    [
        ("", (SHAPE,)),
        ("scale_param { bias_term: true }", (SHAPE,)),
        ("scale_param { axis: 0 num_axes: 2 bias_term: true }", (SHAPE,)),
        ("scale_param { axis: -1 }", (SHAPE,)),
        ("scale_param { num_axes: -1 }", (SHAPE,)),
        ("scale_param { num_axes: 0 bias_term: true }", (SHAPE,)),
        ("", (SHAPE, (3,))),
        ("scale_param { axis: 0 bias_term: true }", (SHAPE, (2, 3))),
        ("", (SHAPE, ())),
    ],
)
def test_laws(params: str, bottoms: tuple[Shape, ...]) -> None:
    LayerCase("Scale", params, bottoms=bottoms).check_laws()


def test_scale_and_bias_cover_the_axes_asked_for() -> None:
    params = "scale_param { axis: 1 num_axes: 2 bias_term: true }"
    case = LayerCase("Scale", params, bottoms=(SHAPE,))
    x, scale, bias = (t.detach() for t in case.inputs())

    (y,) = case.run(x, scale, bias)

    assert scale.shape == bias.shape == (3, 4)
    torch.testing.assert_close(y, x * scale[None, :, :, None] + bias[None, :, :, None])


def test_the_second_bottom_is_the_scale() -> None:
    case = LayerCase("Scale", "scale_param { axis: 0 }", bottoms=(SHAPE, (2, 3)))
    x, scale = (t.detach() for t in case.inputs())

    (y,) = case.run(x, scale)

    assert case.weights == ()
    torch.testing.assert_close(y, x * scale[:, :, None, None])


def test_scale_starts_at_1_and_bias_at_0_unless_a_filler_says_else() -> None:
    default = LayerCase("Scale", "scale_param { bias_term: true }", bottoms=(SHAPE,))
    # an empty filler is Caffe's default filler: the constant 0
    empty = LayerCase("Scale", "scale_param { filler {} }", bottoms=(SHAPE,))

    assert [w.filler.value for w in default.weights] == [1.0, 0.0]
    assert [w.filler.value for w in empty.weights] == [0.0]


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        (
            "axis: 4",
            (SHAPE,),
            "axis 4 is out of range for a bottom of shape (2, 3, 4, 5)",
        ),
        ("num_axes: -2", (SHAPE,), "`num_axes` -2 must be at least -1"),
        (
            "axis: 2 num_axes: 3",
            (SHAPE,),
            "3 axes from axis 2 on are more than a bottom of shape (2, 3, 4, 5) has",
        ),
        (
            "",
            (SHAPE, (4,)),
            "bottom 1 of shape (4,) does not fit bottom 0 of shape (2, 3, 4, 5) from axis 1 on",
        ),
        (
            "axis: 3",
            (SHAPE, (5, 1)),
            "bottom 1 of shape (5, 1) does not fit bottom 0 of shape (2, 3, 4, 5) from axis 3 on",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    params: str, bottoms: tuple[Shape, ...], message: str
) -> None:
    case = LayerCase("Scale", f"scale_param {{ {params} }}", bottoms=bottoms)

    assert case.refusal() == message


@pytest.mark.parametrize(("bottoms", "multiplications"), [((SHAPE,), 120), ((SHAPE, (3,)), 0)])
def test_each_value_is_multiplied_with_a_weight_once(
    bottoms: tuple[Shape, ...], multiplications: int
) -> None:
    case = LayerCase("Scale", "", bottoms=bottoms)

    assert case.layer.multiplications(*bottoms) == multiplications
