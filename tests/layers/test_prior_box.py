"""PriorBox."""

import numpy as np
import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase
from tests.ops.test_boxes import rows_of

MAP, IMAGE = (2, 8, 3, 4), (2, 3, 60, 100)
SIZES = "min_size: 20.7 min_size: 30 max_size: 41.9 max_size: 50"


def text(params: str) -> str:
    return f"prior_box_param {{ {params} }}"


def priors(params: str, bottoms: tuple[Shape, ...] = (MAP, IMAGE)) -> torch.Tensor:
    case = LayerCase("PriorBox", text(params), bottoms=bottoms)
    return case.run(*case.inputs(torch.float32))[0]


def sizes_of(params: str) -> list[list[float]]:
    """Widths and heights in pixels of the boxes of one cell on an image of 100 x 100."""
    boxes = priors(params, ((1, 1, 1, 1), (1, 3, 100, 100)))[0, 0].reshape(-1, 4)
    return [[round(v, 3) for v in row] for row in rows_of((boxes[:, 2:] - boxes[:, :2]) * 100)]


@pytest.mark.parametrize(
    "params",
    [
        "min_size: 10",
        f"{SIZES} aspect_ratio: 2 aspect_ratio: 3 clip: true variance: 0.2",
        "min_size: 10 img_size: 50 step: 8 variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2",
    ],
)
def test_laws(params: str) -> None:
    LayerCase("PriorBox", text(params), bottoms=(MAP, IMAGE), differentiable=False).check_laws()


@pytest.mark.parametrize(
    ("params", "image", "step", "offset"),
    [
        ("", (60, 100), (20, 25), 0.5),
        ("img_h: 30 img_w: 40 offset: 0.25", (30, 40), (10, 10), 0.25),
        ("img_size: 90 step_h: 7 step_w: 9", (90, 90), (7, 9), 0.5),
        ("step: 16", (60, 100), (16, 16), 0.5),
    ],
)
def test_boxes_stand_around_the_centres_of_cells_row_by_row(
    params: str, image: tuple[int, int], step: tuple[int, int], offset: float
) -> None:
    top = priors(f"{SIZES} aspect_ratio: 2 {params}")

    expected = list[float]()
    for h in range(3):
        for w in range(4):
            x, y = (w + offset) * step[1], (h + offset) * step[0]
            for least, most in ((20, 41), (30, 50)):
                middle = np.sqrt(least * most)
                wide, flat = least * np.sqrt(2), least / np.sqrt(2)
                for bw, bh in ((least, least), (middle, middle), (wide, flat), (flat, wide)):
                    expected += [(x - bw / 2) / image[1], (y - bh / 2) / image[0]]
                    expected += [(x + bw / 2) / image[1], (y + bh / 2) / image[0]]
    assert top.shape == (1, 2, len(expected))
    torch.testing.assert_close(top[0, 0], torch.tensor(expected, dtype=torch.float32))


def test_sizes_are_cut_to_whole_pixels() -> None:
    assert sizes_of("min_size: 10.9 max_size: 40.9") == [[10, 10], [20, 20]]


def test_aspect_ratios_are_flipped_unless_told_and_doubled_ones_are_dropped() -> None:
    ratios = "min_size: 10 aspect_ratio: 4 aspect_ratio: 1 aspect_ratio: 4 aspect_ratio: 0.25"

    assert sizes_of(ratios) == [[10, 10], [20, 5], [5, 20]]
    assert sizes_of(f"{ratios} flip: false") == [[10, 10], [20, 5], [5, 20]]
    assert sizes_of("min_size: 10 aspect_ratio: 4 flip: false") == [[10, 10], [20, 5]]


def test_clip_cuts_boxes_at_the_border() -> None:
    whole, cut = priors(SIZES)[0, 0], priors(f"{SIZES} clip: true")[0, 0]

    assert bool((whole < 0).any())
    torch.testing.assert_close(cut, whole.clamp(0, 1))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("", [0.1] * 4),
        ("variance: 0.5", [0.5] * 4),
        ("variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4", [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_variances_follow_in_the_second_channel(params: str, expected: list[float]) -> None:
    top = priors(f"min_size: 5 {params}")

    torch.testing.assert_close(top[0, 1].reshape(-1, 4), torch.tensor(expected).expand(12, 4))


def test_the_top_has_the_dtype_of_the_image() -> None:
    module = LayerCase("PriorBox", text("min_size: 5"), bottoms=(MAP, IMAGE)).module()

    assert module(torch.zeros(MAP).bfloat16(), torch.zeros(IMAGE)).dtype == torch.float32


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "`min_size` is not set"),
        ("min_size: 0", "`min_size` is 0, not above 0"),
        ("min_size: 5 aspect_ratio: -1", "`aspect_ratio` is -1, not above 0"),
        ("min_size: 5 min_size: 6 max_size: 9", "1 of `max_size` for 2 of `min_size`"),
        ("min_size: 5 max_size: 5", "`max_size` 5 is not above 5"),
        ("min_size: 5 variance: 1 variance: 1", "2 variances are neither 1 nor 4"),
        ("min_size: 5 variance: -0.1", "`variance` is -0.1, not above 0"),
        ("min_size: 5 img_size: 0", "`img_size` is 0, not above 0"),
        ("min_size: 5 img_size: 9 img_h: 9", "`img_size` stands beside `img_h` or `img_w`"),
        ("min_size: 5 img_h: 9", "`img_w` is 0, not above 0"),
        ("min_size: 5 img_w: 9", "`img_h` is 0, not above 0"),
        ("min_size: 5 step: -2", "`step` is -2, not above 0"),
        ("min_size: 5 step: 2 step_w: 2", "`step` stands beside `step_h` or `step_w`"),
        ("min_size: 5 step_h: 2", "`step_w` is 0, not above 0"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert LayerCase("PriorBox", text(params), bottoms=(MAP, IMAGE)).refusal() == message


def test_a_map_without_cells_is_refused() -> None:
    case = LayerCase("PriorBox", text("min_size: 5"), bottoms=((1, 2, 0, 4), IMAGE))

    assert case.refusal() == "a bottom of shape (1, 2, 0, 4) has no cells"
