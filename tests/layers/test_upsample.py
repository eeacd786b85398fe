"""Upsample."""

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase

SHAPE = (2, 3, 4, 5)


def text(params: str) -> str:
    return f"upsample_param {{ {params} }}"


def gathered(inputs: tuple[Tensor, ...], diffs: tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    """Each value gets the diff of its place, another that fell on it or not."""
    x, mask = inputs
    diff = diffs[0].flatten(2).gather(2, mask.long().flatten(2))
    return diff.reshape(x.shape), torch.zeros_like(mask)


@pytest.mark.parametrize(
    "params",
    ["", "scale: 3", "scale_h: 2 scale_w: 3", "pad_out_h: true", "upsample_h: 9 upsample_w: 11"],
)
def test_laws_with_a_mask(params: str) -> None:
    case = LayerCase("Upsample", text(params), bottoms=(SHAPE, SHAPE), labels=70, backward=gathered)
    case.check_laws()


@pytest.mark.parametrize("params", ["", "scale: 1", "scale: 3"])
def test_laws_without_a_mask(params: str) -> None:
    LayerCase("Upsample", text(params), bottoms=(SHAPE,)).check_laws()


def test_pooled_values_go_back_to_where_they_were() -> None:
    x = torch.tensor([[[[1.0, 2.0, 0.0, 8.0], [4.0, 3.0, 7.0, 5.0]]]])
    pool = LayerCase(
        "Pooling", "pooling_param { kernel_size: 2 stride: 2 }", ((1, 1, 2, 4),), tops=2
    )

    (y,) = LayerCase("Upsample", "", bottoms=((1, 1, 1, 2),) * 2).run(*pool.run(x))

    assert y.tolist() == [[[[0.0, 0.0, 0.0, 8.0], [4.0, 0.0, 0.0, 0.0]]]]


def test_values_are_repeated_without_a_mask() -> None:
    case = LayerCase("Upsample", text("scale: 2"), bottoms=((1, 1, 1, 2),))

    (y,) = case.run(torch.tensor([[[[1.0, 2.0]]]]))

    assert y.tolist() == [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]


@pytest.mark.parametrize(
    ("params", "extents"),
    [
        ("", (8, 10)),
        ("scale: 3", (12, 15)),
        ("scale_h: 2 scale_w: 3", (8, 15)),
        ("pad_out_h: true", (7, 10)),
        ("pad_out_w: true", (8, 9)),
        ("upsample_h: 9 upsample_w: 11", (9, 11)),
        ("upsample_h: 9 upsample_w: 11 scale: 1 scale_h: 1 scale_w: 7 pad_out_h: true", (9, 11)),
    ],
)
def test_the_size_of_the_top(params: str, extents: Shape) -> None:
    case = LayerCase("Upsample", text(params), bottoms=(SHAPE, SHAPE))

    assert case.layer.infer(SHAPE, SHAPE) == ((2, 3, *extents),)


def test_the_scale_is_2_with_a_mask_and_1_without() -> None:
    layer = LayerCase("Upsample", "", bottoms=(SHAPE,)).layer

    assert (layer.infer(SHAPE, SHAPE), layer.infer(SHAPE)) == (((2, 3, 8, 10),), (SHAPE,))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("scale: 1", "`scale` (1, 1) must be above 1"),
        ("scale_h: 2 scale_w: 1", "`scale` (2, 1) must be above 1"),
        ("scale_h: 2", "`scale_h` and `scale_w` go together"),
        ("upsample_w: 2", "`upsample_h` and `upsample_w` go together"),
        ("upsample_h: 1 upsample_w: 2", "a top of (1, 2) is too small"),
        ("scale: 2 scale_h: 2 scale_w: 2", "`scale` and `scale_h`, `scale_w` are both set"),
        (
            "scale: 3 pad_out_w: true",
            "`pad_out_h` and `pad_out_w` go with a `scale` of 2, it is (3, 3)",
        ),
    ],
)
def test_a_top_without_a_size_is_refused(params: str, message: str) -> None:
    assert LayerCase("Upsample", text(params), bottoms=(SHAPE, SHAPE)).refusal() == message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("scale: 0", "`scale` 0 must be at least 1"),
        ("scale: 2 upsample_h: 8", "with one bottom `scale` alone counts"),
    ],
)
def test_without_a_mask_only_scale_counts(params: str, message: str) -> None:
    assert LayerCase("Upsample", text(params), bottoms=(SHAPE,)).refusal() == message


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        ((SHAPE, (2, 3, 4, 4)), f"bottom 1 of shape (2, 3, 4, 4) differs from bottom 0, {SHAPE}"),
        (((3, 4, 5),), "Upsample needs 4 axes, the bottom is (3, 4, 5)"),
    ],
)
def test_shapes_that_do_not_go_together_are_refused(
    bottoms: tuple[Shape, ...], message: str
) -> None:
    assert LayerCase("Upsample", "", bottoms=bottoms).refusal() == message


@pytest.mark.parametrize("place", [-1.0, 4.0])
def test_a_place_outside_the_top_is_refused(place: float) -> None:
    case = LayerCase("Upsample", "", bottoms=((1, 1, 1, 1),) * 2)

    with pytest.raises(ValueError, match=rf"place {place:g} is outside 0 .. 3"):
        case.run(torch.ones(1, 1, 1, 1), torch.full((1, 1, 1, 1), place))
