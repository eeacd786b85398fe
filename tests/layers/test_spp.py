"""SPP."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from protonet.shape import Shape
from tests.layers.case import LayerCase


def text(params: str) -> str:
    return f"spp_param {{ {params} }}"


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize(
    ("height", "bottom"), [(1, (2, 2, 3, 4)), (2, (2, 2, 3, 4)), (3, (1, 2, 9, 8))]
)
def test_laws(pool: str, height: int, bottom: Shape) -> None:
    params = f"pyramid_height: {height} pool: {pool}"
    LayerCase("SPP", text(params), bottoms=(bottom,)).check_laws()


def test_laws_of_draws() -> None:
    params = "pyramid_height: 2 pool: STOCHASTIC"
    LayerCase("SPP", text(params), bottoms=((2, 2, 4, 4),), low=0.1).check_laws()


def test_levels_stand_one_after_the_other() -> None:
    case = LayerCase("SPP", text("pyramid_height: 3"), bottoms=((2, 3, 8, 4),))
    x = case.inputs()[0].detach()

    (y,) = case.run(x)

    levels = [F.max_pool2d(x, (8 // bins, 4 // bins)).flatten(1) for bins in (1, 2, 4)]
    torch.testing.assert_close(y, torch.cat(levels, dim=1))


def test_a_single_level_is_not_flattened() -> None:
    case = LayerCase("SPP", text("pyramid_height: 1"), bottoms=((2, 3, 5, 4),))

    assert case.layer.infer(*case.bottoms) == ((2, 3, 1, 1),)


def test_any_size_of_image_gives_the_same_length() -> None:
    module = LayerCase("SPP", text("pyramid_height: 2"), bottoms=((1, 3, 8, 8),)).module()

    assert module(torch.zeros(1, 3, 5, 7)).shape == (1, 15)


@pytest.mark.parametrize(
    ("params", "bottom", "message"),
    [
        ("", (1, 1, 4, 4), "`pyramid_height` is not set"),
        (
            "pyramid_height: 2",
            (1, 4, 4),
            "pooling needs a bottom of 4 axes, it is (1, 4, 4)",
        ),
        (
            "pyramid_height: 3",
            (1, 1, 5, 5),
            "5 x 5 cannot be cut into 4 x 4 bins: windows of (2, 2) would need a pad of (2, 2)",
        ),
        (
            "pyramid_height: 2 pool: STOCHASTIC",
            (1, 1, 5, 5),
            "STOCHASTIC pooling takes no pad, it is (1, 1)",
        ),
    ],
)
def test_what_caffe_refuses_is_refused(params: str, bottom: Shape, message: str) -> None:
    assert LayerCase("SPP", text(params), bottoms=(bottom,)).refusal() == message
