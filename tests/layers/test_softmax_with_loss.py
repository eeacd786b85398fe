"""SoftmaxWithLoss."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.shape import Shape
from tests.layers.case import LayerCase

SCORES = (2, 3, 4)
LABELS = (2, 1, 4)
FLT_MIN = 1.1754943508222875e-38


def case(
    params: str = "", bottoms: tuple[Shape, ...] = (SCORES, LABELS), tops: int = 1
) -> LayerCase:
    return LayerCase("SoftmaxWithLoss", params, bottoms=bottoms, tops=tops, labels=3)


@pytest.mark.parametrize(
    "params",
    [
        "",
        "loss_param { ignore_label: 1 }",
        "loss_param { normalization: FULL }",
        "loss_param { normalization: BATCH_SIZE ignore_label: 0 }",
        "loss_param { normalization: NONE }",
        "loss_param { normalize: false }",
        "loss_param { label_smoothing: 0.2 }",
        "loss_param { label_smoothing: 1 ignore_label: 1 normalization: FULL }",
    ],
)
def test_laws(params: str) -> None:
    case(params).check_laws()


def test_laws_on_another_axis() -> None:
    case("softmax_param { axis: -1 }", bottoms=((2, 4, 3), (2, 4))).check_laws()


def test_laws_with_probabilities() -> None:
    case(tops=2).check_laws()


def by_hand(x: Tensor, label: Tensor, ignore_label: int | None) -> tuple[float, int]:
    """Return the sum of ``-log p`` over labels that count, and how many do."""
    total, counted = 0.0, 0
    for n in range(x.shape[0]):
        for place in range(x.shape[2]):
            truth = int(label[n, 0, place])
            if truth != ignore_label:
                total -= math.log(F.softmax(x[n, :, place], 0)[truth].item())
                counted += 1
    return total, counted


@pytest.mark.parametrize(
    ("params", "ignore_label", "divisor"),
    [
        ("", None, "valid"),
        ("ignore_label: 1", 1, "valid"),
        ("ignore_label: 1 normalization: FULL", 1, 8),
        ("ignore_label: 1 normalization: BATCH_SIZE", 1, 2),
        ("ignore_label: 1 normalization: NONE", 1, 1),
        ("ignore_label: 1 normalize: true", 1, "valid"),
        ("ignore_label: 1 normalize: false", 1, 2),
        ("normalize: false normalization: FULL", None, 8),
    ],
)
def test_is_the_mean_over_what_normalization_counts(
    params: str, ignore_label: int | None, divisor: int | str
) -> None:
    loss_case = case(f"loss_param {{ {params} }}")
    x, label = loss_case.inputs()

    (loss,) = loss_case.run(x, label)

    total, counted = by_hand(x.detach(), label, ignore_label)
    expected = total / (counted if isinstance(divisor, str) else divisor)
    torch.testing.assert_close(loss.item(), expected)


@pytest.mark.parametrize("ignore", [-100, 1])
def test_label_smoothing_is_that_of_torch(ignore: int) -> None:
    loss_case = case(f"loss_param {{ label_smoothing: 0.3 ignore_label: {ignore} }}")
    x, label = loss_case.inputs(torch.float32)
    expected = F.cross_entropy(
        x, label.squeeze(1).long(), ignore_index=ignore, label_smoothing=0.3, reduction="sum"
    )

    (loss,) = loss_case.run(x, label)

    torch.testing.assert_close(loss, expected / (label != ignore).sum())


def test_label_smoothing_is_a_part_of_1() -> None:
    refusal = case("loss_param { label_smoothing: 1.5 }").refusal()

    assert refusal == "`label_smoothing` is 1.5, but it is a part of 1"


def test_batch_size_counts_all_axes_before_the_classes() -> None:
    params = "softmax_param { axis: 2 } loss_param { normalization: BATCH_SIZE }"
    x = torch.zeros(2, 5, 3)

    (loss,) = case(params, bottoms=((2, 5, 3), (2, 5))).run(x, torch.zeros(2, 5))

    torch.testing.assert_close(loss.item(), math.log(3))


def test_a_term_is_capped_but_its_gradient_is_not() -> None:
    x = torch.tensor([[0.0, -200.0], [0.0, -math.inf]], requires_grad=True)

    (loss,) = case(bottoms=((2, 2), (2,))).run(x, torch.tensor([1.0, 1.0]))
    loss.backward()

    torch.testing.assert_close(loss.item(), -math.log(FLT_MIN))
    assert x.grad is not None
    assert x.grad.tolist() == [[0.5, -0.5], [0.5, -0.5]]


def test_without_valid_labels_the_loss_is_zero() -> None:
    x = torch.ones(2, 3, requires_grad=True)

    (loss,) = case("loss_param { ignore_label: -1 }", bottoms=((2, 3), (2,))).run(
        x, torch.tensor([-1.0, -1.0])
    )
    loss.backward()

    assert loss.item() == 0
    assert x.grad is not None
    assert not x.grad.any()


def test_labels_are_truncated_and_of_any_shape_and_type() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0]])
    loss_case = case(bottoms=((1, 3), (1, 1, 1, 1)))

    (expected,) = loss_case.run(x, torch.tensor([1]))

    for label in (torch.tensor([[[[1.9]]]]), torch.tensor(1, dtype=torch.uint8)):
        assert loss_case.run(x, label) == (expected,)


@pytest.mark.parametrize("label", [3.0, -1.0])
def test_a_label_that_is_no_class_is_refused(label: float) -> None:
    with pytest.raises(ValueError, match=rf"^label {label:.0f} is outside 0 .. 2$"):
        case(bottoms=((1, 3), (1,))).run(torch.zeros(1, 3), torch.tensor([label]))


def test_an_empty_batch_costs_nothing() -> None:
    (loss,) = case(bottoms=((1, 3), (1,))).run(torch.zeros(0, 3), torch.zeros(0))

    assert loss.item() == 0


def test_probabilities_have_no_gradient() -> None:
    x = torch.zeros(1, 2, requires_grad=True)

    _, prob = case(bottoms=((1, 2), (1,)), tops=2).run(x, torch.zeros(1))

    assert prob.tolist() == [[0.5, 0.5]]
    assert not prob.requires_grad


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3), (3,)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (
            ((2, 3, 4), (2,)),
            (
                "bottom 0 of shape (2, 3, 4) makes 8 predictions, "
                "but bottom 1 of shape (2,) holds 2 labels"
            ),
        ),
        (((2, 3), ()), "a bottom has no axes, but axis 0 is the batch"),
        (((2,), (2,)), "axis 1 is out of range for a bottom of shape (2,)"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(bottoms=bottoms).refusal() == message
