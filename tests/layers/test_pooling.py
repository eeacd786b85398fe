"""Pooling."""

import itertools
from math import inf, nan

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protonet.layers.base import LayerError
from protonet.ops.pooling import average_pool, max_pool, stochastic_pool
from protonet.shape import PoolWindow, Shape
from tests.layers.case import SEED, LayerCase

LOWEST = torch.finfo(torch.float32).min


def text(params: str) -> str:
    return f"pooling_param {{ {params} }}"


@pytest.mark.parametrize("pool", ["MAX", "AVE", "STOCHASTIC"])
@pytest.mark.parametrize(
    "params",
    [
        "kernel_size: 2 stride: 2",
        "kernel_size: 3 stride: 2",
        "kernel_size: 3 stride: 2 round_mode: FLOOR",
        "kernel_h: 3 kernel_w: 1 stride_h: 1 stride_w: 1",
        "global_pooling: true",
        "kernel_size: 6 stride: 4",
    ],
)
def test_laws(pool: str, params: str) -> None:
    LayerCase(
        "Pooling", text(f"pool: {pool} {params}"), bottoms=((2, 2, 4, 5),), low=0.1
    ).check_laws()


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("params", ["pad: 1", "pad: 2", "pad_h: 2 pad_w: 0 stride: 2"])
def test_laws_with_padding(pool: str, params: str) -> None:
    case = LayerCase(
        "Pooling", text(f"pool: {pool} kernel_size: 3 {params}"), bottoms=((2, 2, 4, 5),)
    )

    case.check_laws()


@pytest.mark.parametrize("params", ["kernel_size: 2 stride: 2", "kernel_size: 3 pad: 2"])
def test_laws_with_a_mask(params: str) -> None:
    LayerCase("Pooling", text(params), bottoms=((2, 2, 4, 5),), tops=2).check_laws()


def _bounds(window: PoolWindow, axis: int, at: int, size: int) -> tuple[int, int, int]:
    """Return first and last place of a window in the image, and its length with padding."""
    start = at * window.stride[axis] - window.pad[axis]
    end = min(start + window.kernel[axis], size + window.pad[axis])
    return max(start, 0), min(end, size), end - start


def _naive(
    x: NDArray[np.float32], window: PoolWindow
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return maxima, masks and means, in the words of pooling_layer.cpp."""
    n, c, height, width = x.shape
    shape = (n, c, *window.extents((height, width)))
    top, mask, mean = np.full(shape, float(LOWEST)), np.full(shape, -1.0), np.zeros(shape)
    for i, k, p, q in itertools.product(*map(range, shape)):
        h, h_end, long = _bounds(window, 0, p, height)
        w, w_end, wide = _bounds(window, 1, q, width)
        for a, b in itertools.product(range(h, h_end), range(w, w_end)):
            mean[i, k, p, q] += x[i, k, a, b] / (long * wide)
            if x[i, k, a, b] > top[i, k, p, q]:
                top[i, k, p, q], mask[i, k, p, q] = x[i, k, a, b], a * width + b
    return top, mask, mean


sizes = st.integers(1, 7)
axes = st.tuples(sizes, sizes, sizes, st.integers(0, 3)).map(
    lambda a: (*a[:3], min(a[3], a[1] - 1))
)


@given(height=axes, width=axes, ceil=st.booleans())
def test_matches_a_naive_loop(height: Shape, width: Shape, ceil: bool) -> None:
    sizes, kernel, stride, pad = zip(height, width, strict=True)
    params = (
        f"kernel_h: {kernel[0]} kernel_w: {kernel[1]} stride_h: {stride[0]} stride_w: {stride[1]} "
        f"pad_h: {pad[0]} pad_w: {pad[1]} round_mode: {'CEIL' if ceil else 'FLOOR'}"
    )
    case = LayerCase("Pooling", text(params), bottoms=((1, 2, *sizes),), tops=2)
    try:
        case.layer.infer(*case.bottoms)
    except LayerError:
        assume(False)
    x = torch.randint(-3, 3, case.bottoms[0], generator=torch.Generator().manual_seed(SEED)).float()

    top, mask = case.run(x)
    (mean,) = LayerCase("Pooling", text(f"pool: AVE {params}"), bottoms=case.bottoms).run(x)

    expected = _naive(x.numpy(), PoolWindow(kernel, stride, pad, ceil))
    for got, want in zip((top, mask, mean), expected, strict=True):
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-6, atol=1e-6)


def test_the_first_of_equal_maxima_wins() -> None:
    case = LayerCase("Pooling", text("kernel_size: 2"), bottoms=((1, 1, 2, 2),), tops=2)
    x = torch.ones(1, 1, 2, 2, requires_grad=True)

    top, mask = case.run(x)
    top.sum().backward()

    assert mask.item() == 0.0
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("pad", [0, 1])
def test_nan_never_wins(pad: int) -> None:
    params = f"kernel_size: 2 stride: 2 pad: {pad}"
    case = LayerCase("Pooling", text(params), bottoms=((1, 1, 2, 4),), tops=2)
    x = torch.tensor([[[[nan, 1.0, nan, -inf], [-2.0, nan, nan, nan]]]], requires_grad=True)

    top, mask = case.run(x)
    top.sum().backward()

    expected = _naive(x.detach().numpy(), PoolWindow((2, 2), (2, 2), (pad, pad)))
    assert top.flatten().tolist() == expected[0].flatten().tolist()
    assert mask.flatten().tolist() == expected[1].flatten().tolist()
    assert x.grad is not None
    winners = torch.zeros(8).index_add(
        0, mask[mask >= 0].long(), torch.ones(int((mask >= 0).sum()))
    )
    assert x.grad.flatten().tolist() == winners.tolist()


@pytest.mark.gpu
def test_nan_never_wins_on_a_gpu_either() -> None:
    top, at = max_pool(torch.tensor([[[[nan, 1.0, nan]]]], device="cuda"), PoolWindow((1, 3)))

    assert (top.item(), at.item()) == (1.0, 1)


def test_infinity_wins() -> None:
    x = torch.tensor([[[[inf, 1.0], [nan, 2.0]]]])

    top, at = max_pool(x, PoolWindow((2, 2)))

    assert (top.item(), at.item()) == (inf, 0)


def test_a_compiled_maximum_does_not_ask_for_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)

    top, _ = max_pool(torch.tensor([[[[nan, 1.0]]]]), PoolWindow((1, 2)))

    assert top.isnan().item()


def test_padding_counts_in_a_mean_and_what_lies_beyond_does_not() -> None:
    # windows start at -1 and at 2; the second reaches one beyond the padding
    ones = torch.ones(1, 1, 1, 4)

    mean = average_pool(ones, PoolWindow((1, 4), (1, 3), (0, 1)))

    torch.testing.assert_close(mean.flatten(), torch.tensor([3 / 4, 2 / 3]))


def test_global_pooling_follows_the_size_of_the_image() -> None:
    module = LayerCase(
        "Pooling", text("pool: AVE global_pooling: true"), bottoms=((1, 1, 2, 2),)
    ).module()

    assert module(torch.arange(12.0).reshape(1, 1, 3, 4)).tolist() == [[[[5.5]]]]


def test_stochastic_test_is_the_mean_under_the_odds() -> None:
    x = torch.tensor([[[[1.0, 3.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0]]]])

    top = stochastic_pool(x, PoolWindow((2, 2), (2, 2)), train=False)

    assert top.flatten().tolist() == [10 / 4, 0.0]


def test_stochastic_train_draws_by_share_and_never_a_zero() -> None:
    torch.manual_seed(SEED)
    x = torch.tensor([0.0, 1.0, 3.0, 0.0]).reshape(2, 2).repeat(100, 100)[None, None]

    top = stochastic_pool(x, PoolWindow((2, 2), (2, 2)), train=True)

    assert top.unique().tolist() == [1.0, 3.0]
    # 10,000 draws: the standard deviation of the share is 0.0043
    assert abs((top == 3).float().mean().item() - 0.75) < 0.02


def test_stochastic_gradient_goes_to_what_was_drawn() -> None:
    x = torch.tensor([[[[0.0, 2.0, 0.0]]]], requires_grad=True)

    stochastic_pool(x, PoolWindow((1, 3)), train=True).sum().backward()

    assert x.grad is not None
    assert x.grad.flatten().tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("", "the kernel is not set"),
        ("kernel_h: 2", "the kernel is not set"),
        ("kernel_size: 2 kernel_h: 2 kernel_w: 2", "the kernel is set twice"),
        ("kernel_size: 0", "kernel (0, 0) and stride (1, 1) must be at least 1"),
        ("kernel_size: 2 stride: 0", "kernel (2, 2) and stride (0, 0) must be at least 1"),
        (
            "kernel_size: 2 stride_h: 2",
            "`stride_h` and `stride_w` go together and without `stride`",
        ),
        (
            "kernel_size: 2 stride: 1 stride_h: 2 stride_w: 1",
            "`stride_h` and `stride_w` go together and without `stride`",
        ),
        ("kernel_size: 2 pad_w: 1", "`pad_h` and `pad_w` go together and without `pad`"),
        ("kernel_size: 2 pad: 2", "pad (2, 2) must be smaller than the kernel (2, 2)"),
        (
            "kernel_h: 3 kernel_w: 1 pad_h: 1 pad_w: 1",
            "pad (1, 1) must be smaller than the kernel (3, 1)",
        ),
        ("pool: STOCHASTIC kernel_size: 2 pad: 1", "STOCHASTIC pooling takes no pad, it is (1, 1)"),
        (
            "global_pooling: true kernel_size: 2",
            "`global_pooling` takes no kernel, stride or pad: its window is the whole image",
        ),
        (
            "global_pooling: true stride: 2",
            "`global_pooling` takes no kernel, stride or pad: its window is the whole image",
        ),
        ("kernel_size: 8", "a kernel of (8, 8) leaves nothing of a bottom of shape (1, 1, 6, 6)"),
        (
            "kernel_size: 1 stride: 4",
            "the last pooling window lies outside the bottom of shape (1, 1, 6, 6)",
        ),
    ],
)
def test_what_caffe_refuses_is_refused(params: str, message: str) -> None:
    assert LayerCase("Pooling", text(params), bottoms=((1, 1, 6, 6),)).refusal() == message


def test_a_kernel_and_one_side_is_the_kernel() -> None:
    case = LayerCase("Pooling", text("kernel_size: 2 kernel_h: 3"), bottoms=((1, 1, 4, 4),))

    assert case.layer.infer(*case.bottoms) == ((1, 1, 3, 3),)


def test_only_max_has_a_mask() -> None:
    case = LayerCase("Pooling", text("pool: AVE kernel_size: 2"), bottoms=((1, 1, 4, 4),), tops=2)

    assert case.refusal() == "only MAX pooling has a second top, `pool` is AVE"


def test_other_than_four_axes_are_refused() -> None:
    case = LayerCase("Pooling", text("kernel_size: 2"), bottoms=((1, 4, 4),))

    assert case.refusal() == "pooling needs a bottom of 4 axes, it is (1, 4, 4)"
