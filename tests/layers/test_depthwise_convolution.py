"""DepthwiseConvolution."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from tests.layers.case import LayerCase

SHAPE = (2, 3, 5, 6)


def case(params: str) -> LayerCase:
    return LayerCase("DepthwiseConvolution", f"convolution_param {{ {params} }}", bottoms=(SHAPE,))


@pytest.mark.parametrize(
    "params",
    [
        "kernel_size: 3",
        "num_output: 3 group: 3 kernel_size: 3 pad: 1 stride: 2 bias_term: false",
        "kernel_h: 2 kernel_w: 3 pad_w: 1 dilation: 2",
    ],
)
def test_laws(params: str) -> None:
    case(params).check_laws()


def test_each_channel_has_a_filter_of_its_own() -> None:
    x, weight, bias = inputs = case("kernel_size: 3 pad: 1").inputs()

    (y,) = case("kernel_size: 3 pad: 1").run(*inputs)

    single = [F.conv2d(x[:, c : c + 1], weight[c : c + 1], padding=1) for c in range(3)]
    torch.testing.assert_close(y, torch.cat(single, 1) + bias.reshape(1, 3, 1, 1))


def test_weights_are_one_filter_a_channel_and_a_bias() -> None:
    params = 'kernel_size: 3 weight_filler { type: "msra" } bias_filler { value: 1 }'

    assert [(w.shape, w.filler.type, w.filler.value) for w in case(params).weights] == [
        ((3, 1, 3, 3), "msra", 0.0),
        ((3,), "constant", 1.0),
    ]


def test_nine_multiplications_each_value_of_the_top() -> None:
    assert case("kernel_size: 3").layer.multiplications(SHAPE) == 9 * 2 * 3 * 3 * 4


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    assert case("kernel_size: 7").refusal() == (
        "a kernel of (7, 7) leaves nothing of a bottom of shape (2, 3, 5, 6): "
        "the top would have extents (-1, 0)"
    )


def test_several_bottoms_share_the_filters() -> None:
    two = LayerCase(
        "DepthwiseConvolution", "convolution_param { kernel_size: 3 }", (SHAPE, SHAPE), tops=2
    )
    two.check_laws()

    assert two.layer.multiplications(SHAPE, SHAPE) == 2 * 9 * 2 * 3 * 3 * 4


@pytest.mark.parametrize(("field", "value"), [("num_output", 6), ("group", 1)])
def test_other_numbers_than_that_of_the_channels_are_refused(field: str, value: int) -> None:
    assert case(f"kernel_size: 3 {field}: {value}").refusal() == (
        f"`{field}` {value} is not the number of channels of the bottom, 3"
    )
