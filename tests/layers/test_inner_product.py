"""InnerProduct."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from protonet.ops import linear
from protonet.shape import Shape
from tests.layers.case import SEED, LayerCase


def text(params: str) -> str:
    return f"inner_product_param {{ {params} }}"


@pytest.mark.parametrize(
    ("params", "bottom"),
    [
        ("num_output: 3", (2, 3, 2, 2)),
        ("num_output: 3 bias_term: false", (4, 5)),
        ("num_output: 2 transpose: true", (2, 3, 2)),
        ("num_output: 2 axis: 2", (2, 3, 2, 2)),
        ("num_output: 2 axis: -1", (2, 3, 4)),
        ("num_output: 2 axis: 0", (2, 3)),
    ],
)
def test_laws(params: str, bottom: Shape) -> None:
    LayerCase("InnerProduct", text(params), bottoms=(bottom,)).check_laws()


def test_it_is_the_flattened_bottom_times_the_weight() -> None:
    case = LayerCase("InnerProduct", text("num_output: 3"), bottoms=((2, 3, 2, 2),))
    x, w, b = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w, b)

    torch.testing.assert_close(y, torch.einsum("nchw,ochw->no", x, w.reshape(3, 3, 2, 2)) + b)


def test_a_transposed_weight_is_stored_input_first() -> None:
    case = LayerCase("InnerProduct", text("num_output: 3 transpose: true"), bottoms=((2, 5),))
    x, w, b = (t.detach() for t in case.inputs())

    (y,) = case.run(x, w, b)

    assert w.shape == (5, 3)
    torch.testing.assert_close(y, x @ w + b)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "`num_output` is not set"),
        ("num_output: 2 axis: 2", "axis 2 is out of range for a bottom of shape (2, 3)"),
    ],
)
def test_what_caffe_refuses_is_refused(params: str, message: str) -> None:
    assert LayerCase("InnerProduct", text(params), bottoms=((2, 3),)).refusal() == message


def _large() -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(SEED)
    shapes = ((4, 1024), (linear.LARGE // 1024, 1024), (linear.LARGE // 1024,))
    x, w, b = (torch.randn(shape, generator=draw) for shape in shapes)
    return x.requires_grad_(), (w / 32).requires_grad_(), b.requires_grad_()


def test_the_fast_path_gives_torch_s_numbers() -> None:
    inputs = _large()

    fast, plain = linear.linear(*inputs), F.linear(*inputs)

    torch.testing.assert_close(fast, plain, rtol=1e-5, atol=1e-5)
    got, expected = (torch.autograd.grad(y.square().sum(), inputs) for y in (fast, plain))
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-4)


def test_the_fast_path_leaves_out_gradients_that_nobody_asks_for() -> None:
    x, w, b = _large()

    linear.linear(x.detach(), w.detach(), b).sum().backward()

    assert b.grad is not None
    assert b.grad.unique().tolist() == [4.0]


@pytest.mark.parametrize("failure", [AttributeError, RuntimeError])
def test_without_onednn_torch_s_product_is_taken(
    failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Tensor:
        raise failure

    linear.has_onednn.cache_clear()
    monkeypatch.setattr(linear, "_onednn", fail)

    y = linear.linear(*_large())

    assert y.shape == (4, linear.LARGE // 1024)
    assert not linear.has_onednn()
    linear.has_onednn.cache_clear()


def test_autocast_chooses_the_dtype() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert linear.linear(*_large()).dtype is torch.bfloat16


def test_each_value_is_multiplied_for_each_output() -> None:
    case = LayerCase("InnerProduct", text("num_output: 3"), bottoms=((2, 3, 4),))

    assert case.layer.multiplications((2, 3, 4)) == 2 * 3 * 4 * 3
