"""InfogainLoss."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.loss import InfogainLoss
from protonet.shape import Shape
from tests.layers.case import LayerCase

SCORES, LABELS, MATRIX = (2, 3, 4), (2, 4), (1, 1, 3, 3)
ALL = (SCORES, LABELS, MATRIX)


def case(params: str = "", bottoms: tuple[Shape, ...] = ALL, tops: int = 1) -> LayerCase:
    return LayerCase("InfogainLoss", params, bottoms=bottoms, tops=tops, labels=3)


@pytest.mark.parametrize(
    "params",
    ["", "loss_param { ignore_label: 1 }", "loss_param { normalization: FULL ignore_label: 0 }"],
)
@pytest.mark.parametrize("tops", [1, 2])
def test_laws(params: str, tops: int) -> None:
    case(params, tops=tops).check_laws()


def test_laws_on_another_axis() -> None:
    case("infogain_loss_param { axis: -1 }", ((2, 4, 3), (2, 4), MATRIX)).check_laws()


def by_hand(x: Tensor, label: Tensor, matrix: Tensor) -> float:
    """Return the sum of ``-H log p`` over all positions, divided by their number."""
    total = 0.0
    for n in range(x.shape[0]):
        for place in range(x.shape[2]):
            log_p = F.softmax(x[n, :, place], 0).log()
            total -= float(matrix[int(label[n, place])] @ log_p)
    return total / label.numel()


def test_each_pair_of_classes_has_its_price() -> None:
    x = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(SCORES)
    label = torch.tensor([[0.0, 1, 2, 0], [2, 2, 1, 0]], dtype=torch.float64)
    matrix = torch.arange(9.0, dtype=torch.float64).reshape(3, 3)

    (loss,) = case().run(x, label, matrix.reshape(MATRIX))

    assert loss.item() == pytest.approx(by_hand(x, label, matrix))


def test_the_logarithm_is_bounded_but_its_gradient_is_not() -> None:
    x = torch.tensor([[0.0, -100.0]], requires_grad=True)
    bottoms = ((1, 2), (1,), (1, 1, 2, 2))

    (loss,) = case(bottoms=bottoms).run(x, torch.ones(1), torch.eye(2).reshape(1, 1, 2, 2))
    loss.backward()

    torch.testing.assert_close(loss.item(), -math.log(1e-20))
    assert x.grad is not None
    assert x.grad.tolist() == [[1, -1]]


def test_the_matrix_may_come_from_a_file() -> None:
    matrix = torch.arange(9.0).reshape(MATRIX)
    x, label = (
        torch.randn(SCORES, generator=torch.Generator().manual_seed(1701)),
        torch.ones(LABELS),
    )
    module = case('infogain_loss_param { source: "H" }', ALL[:2]).module()
    assert isinstance(module, InfogainLoss)
    read: list[str] = []

    def blob(path: str) -> Tensor:
        read.append(path)
        return matrix

    module.read(blob)

    assert read == ["H"]
    assert (module(x, label),) == case().run(x, label, matrix)
    assert not module.state_dict()


def test_a_matrix_that_was_not_read_is_named() -> None:
    module = case('infogain_loss_param { source: "H" }', ALL[:2]).module()

    with pytest.raises(ValueError, match=r"^the infogain matrix `H` was not read$"):
        module(torch.zeros(SCORES), torch.zeros(LABELS))


def test_a_file_of_another_size_is_refused() -> None:
    module = case('infogain_loss_param { source: "H" }', ALL[:2]).module()
    assert isinstance(module, InfogainLoss)

    with pytest.raises(ValueError, match=r"^`H` holds \(2, 2\), but 3 classes need 3 x 3 values$"):
        module.read(lambda _: torch.zeros(2, 2))


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("", ALL[:2], "there is no infogain matrix"),
        ("", (*ALL[:2], (2, 2)), "bottom 2 of shape (2, 2) is no matrix of 3 x 3 classes"),
        ("loss_param { normalize: true }", ALL, "InfogainLoss has no `normalize`"),
        (
            "",
            (SCORES, (2, 3), MATRIX),
            (
                "bottom 0 of shape (2, 3, 4) makes 8 predictions, "
                "but bottom 1 of shape (2, 3) holds 6 labels"
            ),
        ),
        ("", (SCORES, (8,), MATRIX), "bottom 0 holds 2 items, but bottom 1 holds 8"),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(params, bottoms).refusal() == message


def test_label_smoothing_is_refused() -> None:
    refusal = case("loss_param { label_smoothing: 0.1 }").refusal()

    assert refusal == "`label_smoothing` is a field of SoftmaxWithLoss alone"
