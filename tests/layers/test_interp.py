"""Interp."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 5, 7)

Array = NDArray[np.float64]


def case(params: str, shape: Shape = SHAPE) -> LayerCase:
    return LayerCase("Interp", f"interp_param {{ {params} }}", bottoms=(shape,))


@pytest.mark.parametrize(
    "params",
    [
        "height: 4 width: 9",
        "height: 1 width: 1",
        "zoom_factor: 2",
        "shrink_factor: 2",
        "zoom_factor: 3 shrink_factor: 2",
        "zoom_factor: 2 pad_beg: -1 pad_end: -2",
    ],
)
def test_laws(params: str) -> None:
    case(params).check_laws()


@pytest.mark.parametrize(
    ("params", "extents"),
    [
        ("height: 4 width: 9", (4, 9)),
        ("zoom_factor: 2", (9, 13)),
        ("zoom_factor: 2 height: 4 width: 9", (9, 13)),
        ("shrink_factor: 3", (2, 3)),
        ("shrink_factor: 3 height: 4 width: 9", (2, 3)),
        ("shrink_factor: 3 zoom_factor: 2", (3, 5)),
        ("shrink_factor: 3 zoom_factor: 2 height: 4 width: 9", (4, 9)),
        ("zoom_factor: 2 pad_beg: -1 pad_end: -2", (3, 7)),
    ],
)
def test_one_factor_counts_before_height_and_width_and_two_after(
    params: str, extents: Shape
) -> None:
    assert case(params).layer.infer(SHAPE) == ((2, 3, *extents),)


def line(values: Array, extent: int) -> Array:
    """Interpolate along the last axis; the ends stay where they are."""
    last = values.shape[1] - 1
    at = [place * last / max(extent - 1, 1) for place in range(extent)]
    below = np.array([min(int(place), last - 1) for place in at])
    share = np.array(at) - below
    return values[:, below] * (1 - share) + values[:, below + 1] * share


@pytest.mark.parametrize(
    ("params", "crop"),
    [
        ("height: 8 width: 11", (0, 0)),
        ("height: 1 width: 3", (0, 0)),
        ("zoom_factor: 2 pad_beg: -1 pad_end: -2", (1, 2)),
    ],
)
def test_interpolates_between_the_corners(params: str, crop: tuple[int, int]) -> None:
    shape = (1, 1, 5, 7)
    (x,) = case(params, shape).inputs()

    (y,) = case(params, shape).run(x)

    inner: Array = x.detach().numpy()[0, 0, crop[0] : 5 - crop[1], crop[0] : 7 - crop[1]]
    columns = line(inner, y.shape[3])
    expected = line(columns.T, y.shape[2]).T
    np.testing.assert_allclose(y.detach().numpy()[0, 0], expected)


def test_the_built_module_takes_other_sizes() -> None:
    module = case("zoom_factor: 2").module()

    assert module(torch.zeros(1, 2, 3, 4)).shape == (1, 2, 5, 7)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "nothing says how large the top is"),
        ("height: 3", "nothing says how large the top is"),
        ("zoom_factor: 0", "`zoom_factor` 0 must be at least 1"),
        ("shrink_factor: -1", "`shrink_factor` -1 must be at least 1"),
        ("zoom_factor: 2 pad_beg: 1", "`pad_beg` 1 must be 0 or below"),
        ("zoom_factor: 2 pad_end: 1", "`pad_end` 1 must be 0 or below"),
        (
            "zoom_factor: 2 pad_beg: -5",
            f"a bottom of shape {SHAPE} is cropped to 0 x 2 and resized to -1 x 3",
        ),
        (
            "height: 0 width: 3",
            f"a bottom of shape {SHAPE} is cropped to 5 x 7 and resized to 0 x 3",
        ),
    ],
)
def test_a_top_without_a_size_is_refused(params: str, message: str) -> None:
    assert case(params).refusal() == message


def test_three_axes_are_refused() -> None:
    assert case("zoom_factor: 2", (3, 5, 7)).refusal() == (
        "Interp needs 4 axes, the bottom is (3, 5, 7)"
    )
