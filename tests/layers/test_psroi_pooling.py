"""PSROIPooling."""

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
        [0, 0, 0, 40, 30],
        [1, 12.5, 4.5, 35, 22],
        [1, -30, -25, 99, 99],
        [0, 3, 3, 1, 1],
        [0, 300, 0, 310, 9],
    ]
)


def text(dim: int, group: int, scale: float = 0.125) -> str:
    return f"psroi_pooling_param {{ output_dim: {dim} group_size: {group} spatial_scale: {scale} }}"


def reference(x: Tensor, rois: Tensor, dim: int, k: int, scale: float) -> Tensor:
    """Means, bin by bin, as ``psroi_pooling_layer.cu`` has them."""
    height, width = x.shape[2:]
    top = torch.zeros(len(rois), dim, k, k, dtype=x.dtype)
    for r, roi in enumerate(rows_of(rois)):
        x1, y1, x2, y2 = (math.copysign(math.floor(abs(v) + 0.5), v) for v in roi[1:])
        x1, y1, x2, y2 = x1 * scale, y1 * scale, (x2 + 1) * scale, (y2 + 1) * scale
        wide, tall = max(x2 - x1, 0.1) / k, max(y2 - y1, 0.1) / k
        for d, i, j in np.ndindex(dim, k, k):
            h = slice(
                *(
                    min(max(f, 0), height)
                    for f in (math.floor(i * tall + y1), math.ceil((i + 1) * tall + y1))
                )
            )
            w = slice(
                *(
                    min(max(f, 0), width)
                    for f in (math.floor(j * wide + x1), math.ceil((j + 1) * wide + x1))
                )
            )
            values = x[int(roi[0]), (d * k + i) * k + j, h, w]
            top[r, d, i, j] = values.mean() if values.numel() else 0
    return top


@pytest.mark.parametrize(("dim", "group"), [(2, 1), (1, 2), (2, 3)])
def test_laws(dim: int, group: int) -> None:
    bottoms = ((2, dim * group * group, 4, 5), (len(ROIS), 5))
    LayerCase("PSROIPooling", text(dim, group), bottoms=bottoms, given={1: ROIS}).check_laws()


def test_laws_without_spatial_axes() -> None:
    case = LayerCase(
        "PSROIPooling", text(3, 1), bottoms=((2, 3), (1, 5)), given={1: torch.zeros(1, 5)}
    )
    case.check_laws()


@pytest.mark.parametrize(("dim", "group"), [(3, 1), (2, 3), (1, 7)])
@pytest.mark.parametrize("scale", [1.0, 0.125])
def test_each_bin_is_the_mean_of_its_own_channels(dim: int, group: int, scale: float) -> None:
    draw = torch.Generator().manual_seed(SEED)
    x = torch.randn(2, dim * group**2, 13, 11, generator=draw, dtype=torch.float64)
    corners = (torch.rand(30, 4, generator=draw) * 20 - 4) / scale
    rois = torch.cat((torch.randint(2, (30, 1), generator=draw), corners), 1).double()
    case = LayerCase("PSROIPooling", text(dim, group, scale), bottoms=(x.shape, (30, 5)))

    (top,) = case.run(x, rois)

    torch.testing.assert_close(top, reference(x, rois, dim, group, scale))


def test_small_bins_of_large_maps_keep_their_digits() -> None:
    x = torch.full((1, 1, 200, 200), 1e4)
    x[..., -1, -1] = 1e-3
    rois = torch.tensor([[0.0, 199, 199, 199, 199]])

    (top,) = LayerCase("PSROIPooling", text(1, 1, 1), bottoms=(x.shape, (1, 5))).run(x, rois)

    assert top.item() == pytest.approx(1e-3, rel=1e-4)


def test_a_roi_of_an_image_that_is_not_there_is_refused() -> None:
    case = LayerCase("PSROIPooling", text(1, 1), bottoms=((2, 1), (1, 5)))

    with pytest.raises(ValueError, match=r"the image of a ROI -1 is outside 0 \.\. 1"):
        case.run(torch.zeros(2, 1), torch.tensor([[-1.0, 0, 0, 0, 0]]))


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("", ((1, 4), (1, 5)), "`psroi_pooling_param` is not set"),
        (text(0, 1), ((1, 4), (1, 5)), "`output_dim` is 0, not above 0"),
        (text(1, -2), ((1, 4), (1, 5)), "`group_size` is -2, not above 0"),
        (
            text(2, 2),
            ((1, 4), (1, 5)),
            "a bottom of shape (1, 4) has 4 channels, but 2 x 2 x 2 = 8 are read",
        ),
        (text(1, 2), ((1, 4), (5, 1)), "bottom 1 of shape (5, 1) does not hold ROIs, (R, 5)"),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("PSROIPooling", params, bottoms=bottoms).refusal() == message
