"""MultiBoxLoss."""

import math

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import SEED, LayerCase
from tests.layers.naive_multi_box import CLASSES, IMAGES, PRIORS, Naive
from tests.ops.test_boxes import some_boxes

BOTTOMS = ((IMAGES, PRIORS * 4), (IMAGES, PRIORS * CLASSES), (1, 2, PRIORS * 4), (1, 1, 9, 8))
VARIANCE = (0.1, 0.1, 0.2, 0.2)


def ground_truth() -> Tensor:
    """Three boxes in image 0, four in 1, none in 2, a difficult one in 3, and a row of none."""
    rows = torch.zeros(9, 8, dtype=torch.float64)
    rows[:, 0] = torch.tensor([0, 1, 1, 0, 3, -1, 0, 1, 1])
    rows[:, 1] = torch.tensor([1, 2, 1, 2, 1, 0, 1, 1, 2])
    rows[:, 3:7] = some_boxes(9, seed=3)
    rows[4, 7] = 1
    return rows.reshape(1, 1, 9, 8)


def priors() -> Tensor:
    """Boxes like those of the ground truth, some of them twice."""
    boxes = some_boxes(PRIORS)
    boxes[:9] = some_boxes(9, seed=3) + 0.02
    boxes[9:12] = boxes[:3]
    return torch.stack((boxes, torch.tensor(VARIANCE).double().expand_as(boxes))).reshape(1, 2, -1)


def case(params: str, sheets: int = 1) -> LayerCase:
    shapes = ((IMAGES, PRIORS * 4 * sheets), *BOTTOMS[1:])
    given = {2: priors(), 3: ground_truth()}
    return LayerCase("MultiBoxLoss", params, bottoms=shapes, given=given)


def predictions(sheets: int = 1) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(SEED)
    loc = torch.randn(IMAGES, PRIORS * 4 * sheets, generator=draw, dtype=torch.float64)
    return loc, torch.randn(IMAGES, PRIORS * CLASSES, generator=draw, dtype=torch.float64)


def loss(params: str, loc: Tensor, conf: Tensor, label: Tensor | None = None) -> float:
    inputs = (loc, conf, priors(), ground_truth() if label is None else label)
    shapes = tuple(tuple(x.shape) for x in inputs)
    return LayerCase("MultiBoxLoss", params, bottoms=shapes).run(*inputs)[0].item()


VARIANTS = [
    Naive(),
    Naive(code_type="CENTER_SIZE"),
    Naive(code_type="CORNER_SIZE"),
    Naive(code_type="CENTER_SIZE", encode_variance_in_target=True),
    Naive(loc_loss_type="L2", loc_weight=0.5),
    Naive(conf_loss_type="LOGISTIC"),
    Naive(match_type="BIPARTITE"),
    Naive(overlap_threshold=0.2, neg_overlap=0.1),
    Naive(use_prior_for_matching=False, code_type="CENTER_SIZE"),
    Naive(use_difficult_gt=False),
    Naive(neg_pos_ratio=0.7),
    Naive(ignore_cross_boundary_bbox=True),
    Naive(ignore_cross_boundary_bbox=True, mining_type="HARD_EXAMPLE", sample_size=9),
    Naive(bp_inside=True),
    Naive(bp_inside=True, use_prior_for_matching=False, encode_variance_in_target=True),
    Naive(nms_param=(0.2, 15)),
    Naive(nms_param=(0.2, 100), use_prior_for_nms=True),
    Naive(nms_param=(0.3, 0)),
    Naive(nms_param=(0.1, -1), mining_type="HARD_EXAMPLE", sample_size=6),
    Naive(mining_type="HARD_EXAMPLE", sample_size=5),
    Naive(mining_type="HARD_EXAMPLE", sample_size=5, loc_loss_type="L2", conf_loss_type="LOGISTIC"),
    Naive(mining_type="NONE"),
    Naive(mining_type="NONE", conf_loss_type="LOGISTIC"),
    Naive(mining_type="NONE", share_location=False),
    Naive(mining_type="NONE", share_location=False, use_prior_for_matching=False),
    Naive(
        mining_type="NONE",
        share_location=False,
        use_prior_for_matching=False,
        conf_loss_type="LOGISTIC",
        overlap_threshold=0.05,
    ),
]


@pytest.mark.parametrize("naive", VARIANTS, ids=lambda naive: naive.text)
def test_the_loss_is_that_of_one_prior_after_the_other(naive: Naive) -> None:
    sheets = 1 if naive.share_location else CLASSES
    loc, conf = predictions(sheets)

    got = loss(naive.text, loc, conf)

    loc_sum, conf_sum, matches = naive(loc, conf, priors(), ground_truth())
    assert matches > 0
    assert got == pytest.approx((naive.loc_weight * loc_sum + conf_sum) / matches)


@pytest.mark.parametrize("naive", VARIANTS[::2], ids=lambda naive: naive.text)
def test_laws(naive: Naive) -> None:
    case(naive.text, 1 if naive.share_location else CLASSES).check_laws()


@pytest.mark.parametrize(
    ("params", "normalizer"),
    [
        ("normalization: FULL", IMAGES * PRIORS),
        ("normalization: BATCH_SIZE", IMAGES),
        ("normalization: NONE", 1),
        ("normalize: false", IMAGES),
        ("normalize: true", None),
        ("normalize: false normalization: VALID", None),
    ],
)
def test_the_sum_is_divided_by_the_normalizer(params: str, normalizer: int | None) -> None:
    naive, (loc, conf) = Naive(), predictions()

    got = loss(f"{naive.text} loss_param {{ {params} }}", loc, conf)

    loc_sum, conf_sum, matches = naive(loc, conf, priors(), ground_truth())
    assert got == pytest.approx((loc_sum + conf_sum) / (normalizer or matches))


@pytest.mark.parametrize(
    ("flags", "terms"),
    [((True, True), (1, 1)), ((True, False), (1, 0)), ((False, True), (0, 1))],
)
def test_a_bottom_that_wants_no_gradient_leaves_its_term_out(
    flags: tuple[bool, bool], terms: tuple[int, int]
) -> None:
    naive, (loc, conf) = Naive(), predictions()
    said = [f"propagate_down: {str(flag).lower()}" for flag in (*flags, False, False)]

    got = loss(f"{naive.text} {' '.join(said)}", loc, conf)

    loc_sum, conf_sum, matches = naive(loc, conf, priors(), ground_truth())
    assert got == pytest.approx((terms[0] * loc_sum + terms[1] * conf_sum) / matches)


@pytest.mark.parametrize("mining", ["MAX_NEGATIVE", "HARD_EXAMPLE"])
def test_without_ground_truth_mining_finds_nothing(mining: str) -> None:
    label = torch.full((1, 1, 1, 8), -1.0)
    params = f"multibox_loss_param {{ num_classes: 3 mining_type: {mining} }}"

    assert loss(params, *predictions(), label) == 0


def test_without_mining_all_is_background_where_there_is_no_ground_truth() -> None:
    loc, conf = predictions()
    label = torch.full((1, 1, 1, 8), -1.0)

    got = loss("multibox_loss_param { num_classes: 3 mining_type: NONE }", loc, conf, label)

    log_p = conf.reshape(-1, CLASSES).log_softmax(1)
    assert got == pytest.approx(-log_p[:, 0].sum().item())


def test_a_score_costs_at_most_the_least_probability_of_a_float() -> None:
    loc, conf = predictions()
    conf = conf.reshape(IMAGES, PRIORS, CLASSES)
    conf[..., 0] = -1e4
    label = torch.full((1, 1, 1, 8), -1.0)
    params = "multibox_loss_param { num_classes: 3 mining_type: NONE }"

    got = loss(params, loc, conf.flatten(1), label)

    assert got == pytest.approx(IMAGES * PRIORS * -math.log(torch.finfo(torch.float32).tiny))


def test_of_priors_with_equal_loss_the_first_are_mined() -> None:
    loc, conf = torch.zeros(1, 16), torch.zeros(1, 8, requires_grad=True)
    boxes = torch.tensor([[0.5, 0.5, 1, 1], [0, 0, 0.2, 0.2], [0, 0, 0.5, 0.5], [0, 0, 0.3, 0.3]])
    prior = torch.stack((boxes, torch.ones(4, 4))).reshape(1, 2, 16)
    label = torch.tensor([0.0, 1, 0, 0.5, 0.5, 1, 1, 0]).reshape(1, 1, 1, 8)
    params = "multibox_loss_param { num_classes: 2 neg_pos_ratio: 2 }"
    shapes = ((1, 16), (1, 8), (1, 2, 16), (1, 1, 1, 8))

    LayerCase("MultiBoxLoss", params, bottoms=shapes).run(loc, conf, prior, label)[0].backward()

    assert conf.grad is not None
    assert conf.grad.reshape(4, 2)[:, 0].tolist() == [0.5, -0.5, -0.5, 0]


def test_agnostic_objects_have_one_label() -> None:
    loc, conf = predictions()
    conf, label = conf[:, : PRIORS * 2], ground_truth()
    one = label.clone()
    one[..., 1] = (label[..., 0] >= 0).double()
    agnostic = "multibox_loss_param { num_classes: 2 map_object_to_agnostic: true }"

    got = loss(agnostic, loc, conf, label)

    assert got == loss("multibox_loss_param { num_classes: 2 }", loc, conf, one)


def test_logistic_scores_need_no_background() -> None:
    loc, conf = predictions()
    label = ground_truth()
    params = "num_classes: 1 map_object_to_agnostic: true background_label_id: 4294967295"

    got = loss(
        f"multibox_loss_param {{ conf_loss_type: LOGISTIC {params} loc_weight: 0 }}",
        loc,
        conf[:, :PRIORS],
        label,
    )

    assert 0 < got < 100


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (0, "a box of the ground truth has the label of the background, 0"),
        (3, r"label 3 is outside 0 \.\. 2"),
    ],
)
def test_labels_that_are_no_class_of_objects_are_refused(name: int, message: str) -> None:
    label = ground_truth()
    label[0, 0, 2, 1] = name

    with pytest.raises(ValueError, match=message):
        loss(Naive().text, *predictions(), label)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "`num_classes` is not set"),
        (
            "num_classes: 3 do_neg_mining: false",
            "`do_neg_mining: false` contradicts `mining_type: MAX_NEGATIVE`",
        ),
        (
            "num_classes: 3 share_location: false",
            "`mining_type: MAX_NEGATIVE` needs one box a prior, not one a class",
        ),
        (
            "num_classes: 3 mining_type: HARD_EXAMPLE sample_size: 0",
            "`sample_size` is 0, not above 0",
        ),
        (
            "num_classes: 3 background_label_id: 3",
            "`background_label_id` 3 is none of the 3 classes",
        ),
        (
            "num_classes: 3 background_label_id: 4294967295",
            "`background_label_id` 4294967295 is none of the 3 classes",
        ),
        (
            "num_classes: 3 background_label_id: 3 conf_loss_type: LOGISTIC",
            "`background_label_id` 3 is none of the 3 classes",
        ),
        (
            "num_classes: 3 map_object_to_agnostic: true",
            (
                "`map_object_to_agnostic` leaves one label beside the background, 0, "
                "but `num_classes` is 3"
            ),
        ),
        ("num_classes: 3 do_neg_mining: true", None),
        ("num_classes: 3 background_label_id: 3 conf_loss_type: LOGISTIC mining_type: NONE", None),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(params: str, message: str | None) -> None:
    layer = LayerCase("MultiBoxLoss", f"multibox_loss_param {{ {params} }}", bottoms=BOTTOMS)

    if message is None:
        assert layer.layer.infer(*BOTTOMS) == ((),)
    else:
        assert layer.refusal() == message


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (
            (*BOTTOMS[:3], (1, 1, 9, 7)),
            "bottom 3 of shape (1, 1, 9, 7) does not hold boxes, (1, 1, M, 8)",
        ),
        (
            ((4, 8), *BOTTOMS[1:]),
            "bottom 0 of shape (4, 8) holds 8 values an image, but 24 priors with 4 each make 96",
        ),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("MultiBoxLoss", Naive().text, bottoms=bottoms).refusal() == message
