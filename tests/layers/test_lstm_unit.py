"""LSTMUnit."""

import math

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase

BOTTOMS = ((1, 3, 2), (1, 3, 8), (1, 3))


def test_laws() -> None:
    LayerCase("LSTMUnit", "", bottoms=BOTTOMS, tops=2).check_laws()


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_the_gradient_of_the_forget_gate_is_right_where_cont_is_a_fraction() -> None:
    """Caffe takes ``cont s(f) (1 - cont s(f))`` for the derivative of ``cont s(f)``."""
    case = LayerCase("LSTMUnit", "", bottoms=BOTTOMS, tops=2)
    c, gates, _ = case.inputs()
    cont = torch.tensor([[0.3, 0.6, 1.5]])

    def tops(c: Tensor, gates: Tensor) -> tuple[Tensor, ...]:
        return case.run(c, gates, cont)

    assert torch.autograd.gradcheck(tops, (c, gates))


@pytest.mark.parametrize("cont", [0.0, 1.0])
def test_the_gates_are_i_f_o_g(cont: float) -> None:
    case = LayerCase("LSTMUnit", "", bottoms=((1, 1, 1), (1, 1, 4), (1, 1)), tops=2)
    gates = torch.tensor([[[0.1, 0.2, 0.3, 0.4]]])

    c, h = case.run(torch.tensor([[[2.0]]]), gates, torch.tensor([[cont]]))

    cell = cont * sigmoid(0.2) * 2 + sigmoid(0.1) * math.tanh(0.4)
    assert c.item() == pytest.approx(cell)
    assert h.item() == pytest.approx(sigmoid(0.3) * math.tanh(cell))


@pytest.mark.parametrize(
    ("bottoms", "message"),
    [
        (((2, 3, 2), *BOTTOMS[1:]), "bottom 0 of shape (2, 3, 2) is no cell state (1, N, H)"),
        (((3, 2), *BOTTOMS[1:]), "bottom 0 of shape (3, 2) is no cell state (1, N, H)"),
        (((1, 3, 2), (1, 3, 6), (1, 3)), "bottom 1 of shape (1, 3, 6) is not (1, 3, 8)"),
        (((1, 3, 2), (1, 3, 8), (1, 3, 1)), "bottom 2 of shape (1, 3, 1) is not (1, 3)"),
    ],
)
def test_refusals(bottoms: tuple[Shape, ...], message: str) -> None:
    assert LayerCase("LSTMUnit", "", bottoms=bottoms, tops=2).refusal() == message
