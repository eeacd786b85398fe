"""Eltwise."""

import pytest
import torch
from torch import Tensor

from tests.layers.case import LayerCase

SHAPE = (2, 3, 2, 2)


def case(params: str, number: int = 3) -> LayerCase:
    return LayerCase("Eltwise", f"eltwise_param {{ {params} }}", bottoms=(SHAPE,) * number)


@pytest.mark.parametrize(
    "params",
    [
        "",
        "coeff: 1 coeff: -1 coeff: 0.5",
        "coeff: 2 coeff: 1 coeff: 1",
        "operation: PROD",
        "operation: PROD stable_prod_grad: false",
    ],
)
def test_laws(params: str) -> None:
    case(params).check_laws()


@pytest.mark.parametrize("operation", ["SUM", "PROD"])
def test_laws_of_two_bottoms(operation: str) -> None:
    case(f"operation: {operation}", 2).check_laws()


def winner_takes_all(
    inputs: tuple[Tensor, ...], diffs: tuple[Tensor, ...]
) -> tuple[Tensor | None, ...]:
    """The diffs, value by value, as ``eltwise_layer.cpp`` has them."""
    found = [torch.zeros_like(x) for x in inputs]
    values = [x.detach().flatten() for x in inputs]
    for at, diff in enumerate(diffs[0].flatten()):
        best = 0 if values[0][at] > values[1][at] else 1
        for later in range(2, len(inputs)):
            best = later if values[later][at] > values[best][at] else best
        found[best].view(-1)[at] = diff
    return tuple(found)


@pytest.mark.parametrize("number", [2, 3])
def test_laws_of_a_maximum(number: int) -> None:
    """The values that are drawn for two bottoms are equal in places."""
    LayerCase(
        "Eltwise",
        "eltwise_param { operation: MAX }",
        bottoms=(SHAPE,) * number,
        backward=winner_takes_all,
    ).check_laws()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("", [6.0, 2.0]),
        ("coeff: 1 coeff: 2 coeff: -1", [0.0, 8.0]),
        ("operation: PROD", [6.0, 0.0]),
        ("operation: MAX", [3.0, 5.0]),
    ],
)
def test_values(params: str, expected: list[float]) -> None:
    bottoms = (torch.tensor([1.0, 0.0]), torch.tensor([2.0, 5.0]), torch.tensor([3.0, -3.0]))
    if "coeff" in params:
        expected = [1 + 4 - 3, 10 + 3]

    assert case(params).run(*bottoms)[0].tolist() == expected


def test_of_equal_values_the_second_of_two_wins_and_a_later_one_does_not() -> None:
    bottoms = [torch.zeros(1, requires_grad=True) for _ in range(3)]

    case("operation: MAX").run(*bottoms)[0].backward()

    grads = [x.grad for x in bottoms]
    assert [None if g is None else g.item() for g in grads] == [0, 1, 0]


def test_the_gradient_of_a_product_is_finite_at_zero_in_either_form() -> None:
    a, b = torch.zeros(1, requires_grad=True), torch.tensor([3.0], requires_grad=True)

    case("operation: PROD stable_prod_grad: false", 2).run(a, b)[0].backward()

    assert a.grad is not None
    assert b.grad is not None
    assert (a.grad.item(), b.grad.item()) == (3, 0)


def test_coefficients_of_a_maximum_have_no_effect() -> None:
    bottoms = torch.tensor([1.0]), torch.tensor([2.0])

    assert case("operation: MAX coeff: -1 coeff: -2", 2).run(*bottoms)[0].item() == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("coeff: 1", "there are 1 `coeff` for 3 bottoms"),
        ("operation: PROD coeff: 1 coeff: 1 coeff: 1", "`coeff` goes with SUM only, not with PROD"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message


def test_shapes_must_be_equal() -> None:
    case = LayerCase("Eltwise", "", bottoms=((2, 3), (2, 1)))

    assert case.refusal() == "bottom 1 of shape (2, 1) differs from bottom 0 of shape (2, 3)"
