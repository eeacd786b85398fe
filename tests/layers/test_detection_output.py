"""DetectionOutput."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import SEED, LayerCase
from tests.ops.test_boxes import rows_of, some_boxes, suppressed

CLASSES, PRIORS = 3, 12
BOTTOMS = ((2, PRIORS * 4), (2, PRIORS * CLASSES), (1, 2, PRIORS * 4))


def text(params: str = "", classes: int = CLASSES) -> str:
    return f"detection_output_param {{ num_classes: {classes} {params} }}"


def detect(params: str, inputs: tuple[Tensor, ...]) -> list[list[float]]:
    """The rows of the top, rounded."""
    shapes = tuple(tuple(x.shape) for x in inputs)
    case = LayerCase("DetectionOutput", text(params), bottoms=shapes)
    assert case.layer.infer(*shapes) == ((1, 1, 1, 7),)
    (top,) = case.run(*inputs)
    return [[round(v, 4) for v in row] for row in rows_of(top.reshape(-1, 7))]


def predictions(sheets: int = 1, levels: int = 10**6) -> tuple[Tensor, Tensor, Tensor]:
    """Offsets of corners, scores (few different ones with few ``levels``), priors."""
    draw = torch.Generator().manual_seed(SEED)
    loc = torch.randn(2, PRIORS * 4 * sheets, generator=draw, dtype=torch.float64)
    conf = torch.randint(levels, (2, PRIORS * CLASSES), generator=draw).double() / levels
    corners = some_boxes(PRIORS)
    return loc, conf, torch.stack((corners, torch.full_like(corners, 0.1))).reshape(1, 2, -1)


def reference(
    inputs: tuple[Tensor, ...],
    *,
    background: int = 0,
    least: float = -1,
    threshold: float = 0.3,
    eta: float = 1,
    top_k: int = 10**6,
    keep: int = 10**6,
) -> list[list[float]]:
    """Class by class and box by box, with CORNER codes."""
    loc, conf, prior = inputs
    sheets = loc.shape[1] // PRIORS // 4
    rows = list[list[float]]()
    for n in range(len(loc)):
        of_image = list[list[float]]()
        for c in range(CLASSES):
            if c == background:
                continue
            scores = [row[c] for row in rows_of(conf[n].reshape(PRIORS, CLASSES))]
            codes = loc[n].reshape(PRIORS, sheets, 4)[:, c if sheets > 1 else 0]
            corners = rows_of(prior[0, 0].reshape(-1, 4) + 0.1 * codes)
            order = [p for p in range(PRIORS) if scores[p] > least]
            order = sorted(order, key=lambda p: -scores[p])[:top_k]
            flags = suppressed([corners[p] for p in order], threshold, eta)
            kept = [p for p, flag in zip(order, flags, strict=True) if flag]
            of_image += [[n, c, scores[p], *corners[p]] for p in kept]
        best = sorted(range(len(of_image)), key=lambda at: -of_image[at][2])[:keep]
        rows += [of_image[at] for at in sorted(best)]
    return [[round(v, 4) for v in row] for row in rows]


@pytest.mark.parametrize("code", ["CORNER", "CENTER_SIZE", "CORNER_SIZE"])
@pytest.mark.parametrize("bottoms", [3, 4])
def test_laws(code: str, bottoms: int) -> None:
    params = text(f"keep_top_k: 1 code_type: {code}")  # the inferred shape is that of one row
    shapes = ((1, 16), (1, 12), (1, 2, 16), (1, 3, 8, 8))[:bottoms]
    LayerCase("DetectionOutput", params, bottoms=shapes, differentiable=False).check_laws()


def test_laws_without_detections() -> None:
    params = text("confidence_threshold: 2")
    shapes = ((1, 16, 1, 1), (1, 12, 1, 1), (1, 2, 16))
    LayerCase("DetectionOutput", params, bottoms=shapes, differentiable=False).check_laws()


def test_rows_are_sorted_by_image_then_label_then_score() -> None:
    inputs = predictions()

    rows = detect("", inputs)

    assert rows == reference(inputs)
    assert rows == sorted(rows, key=lambda row: (row[0], row[1], -row[2]))


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("levels", [10**6, 3])
def test_each_class_drops_what_overlaps_a_better_box(threshold: float, levels: int) -> None:
    inputs = predictions(levels=levels)

    rows = detect(f"nms_param {{ nms_threshold: {threshold} }}", inputs)

    assert rows == reference(inputs, threshold=threshold)


@pytest.mark.parametrize("eta", [0.3, 0.7])
def test_eta_lowers_a_high_threshold_after_each_box(eta: float) -> None:
    inputs = predictions()

    rows = detect(f"nms_param {{ nms_threshold: 0.7 eta: {eta} }}", inputs)

    assert rows == reference(inputs, threshold=0.7, eta=eta)


@pytest.mark.parametrize("top_k", [1, 5, 100])
@pytest.mark.parametrize("levels", [10**6, 3])
def test_top_k_limits_what_is_looked_at_in_a_class(top_k: int, levels: int) -> None:
    inputs = predictions(levels=levels)

    assert detect(f"nms_param {{ top_k: {top_k} }}", inputs) == reference(inputs, top_k=top_k)


@pytest.mark.parametrize("keep", [1, 5, 100])
@pytest.mark.parametrize("levels", [10**6, 3])
def test_keep_top_k_limits_what_an_image_gives(keep: int, levels: int) -> None:
    inputs = predictions(levels=levels)

    assert detect(f"keep_top_k: {keep}", inputs) == reference(inputs, keep=keep)


@pytest.mark.parametrize("params", ["nms_param { top_k: -1 } keep_top_k: -2", ""])
def test_negative_limits_are_none(params: str) -> None:
    inputs = predictions()

    assert detect(params, inputs) == reference(inputs)


def test_scores_must_be_above_the_confidence_threshold() -> None:
    inputs = predictions(levels=4)

    assert detect("confidence_threshold: 0.5", inputs) == reference(inputs, least=0.5)


@pytest.mark.parametrize("background", [1, -1, 7])
def test_the_background_may_be_any_class_or_none(background: int) -> None:
    inputs = predictions()

    rows = detect(f"background_label_id: {background}", inputs)

    assert rows == reference(inputs, background=background)


def test_each_class_may_have_its_own_boxes() -> None:
    inputs = predictions(sheets=CLASSES)

    assert detect("share_location: false", inputs) == reference(inputs)


def test_variances_do_not_count_if_the_targets_had_them() -> None:
    loc, conf, prior = predictions()
    plain = torch.cat((prior[:, :1], torch.ones_like(prior[:, 1:])), 1)

    rows = detect("variance_encoded_in_target: true", (loc, conf, prior))

    assert rows == detect("", (loc, conf, plain))


@pytest.mark.parametrize(
    "params", ["confidence_threshold: 2", "keep_top_k: 0", "nms_param { top_k: 0 }"]
)
def test_without_detections_each_image_has_a_row_of_minus_one(params: str) -> None:
    assert detect(params, predictions()) == [[n, *[-1] * 6] for n in range(2)]


def test_a_score_that_is_no_number_is_never_found() -> None:
    loc, conf, prior = predictions()

    assert detect("", (loc, torch.full_like(conf, torch.nan), prior)) == [
        [n, *[-1] * 6] for n in range(2)
    ]


def test_boxes_are_written_as_well(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text('item { name: "a" label: 1 } item { name: "b" label: 2 }')
    (tmp_path / "sizes").write_text("first 10 20 second 30 40")
    save = (
        f'output_directory: "{tmp_path}/out" output_format: "ILSVRC" output_name_prefix: "found" '
        f'label_map_file: "{tmp_path}/labels" name_size_file: "{tmp_path}/sizes" '
        "resize_param { height: 300 width: 300 }"
    )
    inputs = predictions()

    detect(f"save_output_param {{ {save} }}", inputs)

    lines = (tmp_path / "out" / "found.txt").read_text().splitlines()
    assert [line.split()[:2] for line in lines] == [
        [("first", "second")[int(row[0])], f"{row[1]:.0f}"] for row in reference(inputs)
    ]


@pytest.mark.parametrize("missing", ["output_directory", "label_map_file", "name_size_file"])
def test_nothing_is_written_without_all_three_file_names(missing: str) -> None:
    names = {"output_directory", "label_map_file", "name_size_file"} - {missing}
    save = " ".join(f'{name}: "no such file"' for name in sorted(names))
    inputs = predictions()

    assert detect(f"save_output_param {{ {save} }}", inputs) == reference(inputs)


SAVE = 'output_directory: "a" label_map_file: "b" name_size_file: "c"'


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("", BOTTOMS, "`num_classes` is not set"),
        (
            text("visualize: true"),
            BOTTOMS,
            "`visualize` shows detections in a window, which is not done here",
        ),
        (text("nms_param { nms_threshold: -0.5 }"), BOTTOMS, "`nms_threshold` -0.5 is below 0"),
        (text("nms_param { eta: 0 }"), BOTTOMS, "`eta` 0 is not above 0 and at most 1"),
        (text("nms_param { eta: 1.5 }"), BOTTOMS, "`eta` 1.5 is not above 0 and at most 1"),
        (
            text(f"save_output_param {{ {SAVE} }}"),
            BOTTOMS,
            "`output_format` is ``, not one of VOC, COCO, ILSVRC",
        ),
        (
            text(f'save_output_param {{ {SAVE} output_format: "VOC" resize_param {{ }} }}'),
            BOTTOMS,
            "images cannot have been resized to 0 x 0 pixels",
        ),
        (
            text(),
            ((1, 4), (2, 3), (1, 2, 4)),
            "bottoms 0 and 1 of shapes (1, 4) and (2, 3) differ in the batch",
        ),
        (
            text(),
            ((1, 4), (1, 3), (1, 1, 4)),
            "bottom 2 of shape (1, 1, 4) does not hold priors, (1, 2, 4 P)",
        ),
        (
            text(),
            ((1, 8), (1, 3), (1, 2, 4)),
            "bottom 0 of shape (1, 8) holds 8 values an image, but 1 priors with 4 each make 4",
        ),
        (
            text(),
            ((1, 4), (1, 4), (1, 2, 4)),
            "bottom 1 of shape (1, 4) holds 4 values an image, but 1 priors with 3 each make 3",
        ),
        (
            text("share_location: false"),
            ((1, 4), (1, 3), (1, 2, 4)),
            "bottom 0 of shape (1, 4) holds 4 values an image, but 1 priors with 12 each make 12",
        ),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("DetectionOutput", params, bottoms=bottoms).refusal() == message
