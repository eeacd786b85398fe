"""ROIPooling."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import SEED, LayerCase
from tests.ops.test_boxes import rows_of

ROIS = torch.tensor(
    [
        [0, 0, 0, 4, 3],
        [1, 1.5, 0.5, 3.49, 2.5],
        [1, -3, -2.5, 9, 9],  # beyond all borders
        [0, 3, 3, 1, 1],  # ends before it starts
        [0, 20, 20, 30, 30],  # outside
        [1, 4, 0, 4, 0],  # one pixel
    ]
)
BOTTOMS = ((2, 3, 4, 5), (6, 5))


def text(rows: int, columns: int, scale: float = 1.0) -> str:
    return f"roi_pooling_param {{ pooled_h: {rows} pooled_w: {columns} spatial_scale: {scale} }}"


def c_round(x: float) -> int:
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def reference(
    x: Tensor, rois: Tensor, rows: int, columns: int, scale: float
) -> tuple[Tensor, Tensor]:
    """Tops, and where in its plane each maximum is, bin by bin; -1 for an empty bin."""
    _, channels, height, width = x.shape
    top = torch.zeros(len(rois), channels, rows, columns, dtype=x.dtype)
    place = torch.full(top.shape, -1)
    for r, roi in enumerate(rows_of(rois)):
        x1, y1, x2, y2 = (c_round(v * scale) for v in roi[1:])
        tall, wide = max(y2 - y1 + 1, 1) / rows, max(x2 - x1 + 1, 1) / columns
        for c, i, j in np.ndindex(channels, rows, columns):
            hs = range(
                max(math.floor(i * tall) + y1, 0), min(math.ceil((i + 1) * tall) + y1, height)
            )
            ws = range(
                max(math.floor(j * wide) + x1, 0), min(math.ceil((j + 1) * wide) + x1, width)
            )
            best = -math.inf
            for h in hs:
                for w in ws:
                    value = x[int(roi[0]), c, h, w].item()
                    if value > best:
                        best, place[r, c, i, j] = value, h * width + w
            top[r, c, i, j] = best if hs and ws else 0
    return top, place


@pytest.mark.parametrize(
    ("rows", "columns", "scale"), [(1, 1, 1), (2, 3, 1), (7, 7, 1), (2, 2, 0.5)]
)
def test_laws(rows: int, columns: int, scale: float) -> None:
    params = text(rows, columns, scale)
    LayerCase("ROIPooling", params, bottoms=BOTTOMS, given={1: ROIS}).check_laws()


def test_laws_without_spatial_axes() -> None:
    rois = torch.tensor([[1.0, 0, 0, 0, 0]])
    LayerCase("ROIPooling", text(1, 2), bottoms=((2, 3), (1, 5)), given={1: rois}).check_laws()


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (3, 2), (7, 7)])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.0625])
@pytest.mark.parametrize("ties", [False, True])
def test_maxima_and_their_gradients_are_those_of_each_bin(
    rows: int, columns: int, scale: float, ties: bool
) -> None:
    draw = torch.Generator().manual_seed(SEED)
    x = torch.randn(3, 2, 13, 11, generator=draw)
    x = (x.clamp(min=0) if ties else x).requires_grad_()
    corners = (torch.rand(40, 4, generator=draw) * 20 - 4).sort(1).values / scale
    rois = torch.cat((torch.randint(3, (40, 1), generator=draw), corners), 1)
    case = LayerCase("ROIPooling", text(rows, columns, scale), bottoms=(x.shape, (40, 5)))

    (top,) = case.run(x, rois)

    expected, place = reference(x.detach(), rois, rows, columns, scale)
    torch.testing.assert_close(top, expected)
    diff = torch.randn(top.shape, generator=draw)
    grad = torch.zeros(3, 2, 13 * 11)
    for r, c, i, j in np.ndindex(*top.shape):
        if place[r, c, i, j] >= 0:
            grad[int(rois[r, 0]), c, place[r, c, i, j]] += diff[r, c, i, j]
    torch.testing.assert_close(torch.autograd.grad(top, x, diff)[0].flatten(2), grad)


def test_halves_are_rounded_away_from_zero() -> None:
    x = torch.arange(16.0).reshape(1, 1, 1, 16)
    rois = torch.tensor([[0, 2.5, 0, 4.5, 0], [0, 0.49999997, 0, 0.49999997, 0]])

    (top,) = LayerCase("ROIPooling", text(1, 1), bottoms=(x.shape, (2, 5))).run(x, rois)

    assert top.flatten().tolist() == [5, 0]


def test_no_rois_make_no_tops() -> None:
    case = LayerCase("ROIPooling", text(2, 2), bottoms=((1, 3, 4, 4), (1, 5)))

    (top,) = case.run(torch.zeros(1, 3, 4, 4), torch.zeros(0, 5))

    assert top.shape == (0, 3, 2, 2)


def test_what_is_no_number_never_wins() -> None:
    x = torch.tensor([math.nan, 1.0, -math.inf, math.nan]).reshape(1, 1, 1, 4)
    rois = torch.tensor([[0.0, 0, 0, 3, 0]])

    (top,) = LayerCase("ROIPooling", text(1, 2), bottoms=(x.shape, (1, 5))).run(x, rois)

    assert top.flatten().tolist() == [1, torch.finfo(torch.float32).min]


def test_a_roi_that_is_no_number_stays_inside_the_map() -> None:
    x = torch.ones(1, 1, 2, 2)
    rois = torch.tensor([[0, math.nan, math.inf, -math.inf, math.nan]])

    (top,) = LayerCase("ROIPooling", text(1, 1), bottoms=(x.shape, (1, 5))).run(x, rois)

    assert top.item() in {0, 1}


def test_a_roi_of_an_image_that_is_not_there_is_refused() -> None:
    case = LayerCase("ROIPooling", text(1, 1), bottoms=((2, 1, 1, 1), (1, 5)))

    with pytest.raises(ValueError, match=r"the image of a ROI 2 is outside 0 \.\. 1"):
        case.run(torch.zeros(2, 1, 1, 1), torch.tensor([[2.0, 0, 0, 0, 0]]))


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        (text(0, 1), BOTTOMS, "`pooled_h` is not above 0"),
        (text(1, 0), BOTTOMS, "`pooled_w` is not above 0"),
        (text(1, 1), ((2, 3), (6, 4)), "bottom 1 of shape (6, 4) does not hold ROIs, (R, 5)"),
        (text(1, 1), ((2, 3), ()), "bottom 1 of shape () does not hold ROIs, (R, 5)"),
        (text(1, 1), ((1, 3, 0, 2), (6, 5)), "a bottom of shape (1, 3, 0, 2) has no positions"),
        (
            text(1, 1),
            ((1,) * 5, (6, 5)),
            "a bottom of shape (1, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("ROIPooling", params, bottoms=bottoms).refusal() == message
