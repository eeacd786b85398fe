"""CompactBilinear."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor

from protonet.shape import Shape
from tests.layers.case import LayerCase

A, B = (2, 3, 2, 2), (2, 4, 2, 2)


def case(params: str, bottoms: tuple[Shape, ...] = (A, B)) -> LayerCase:
    return LayerCase("CompactBilinear", f"compact_bilinear_param {{ {params} }}", bottoms=bottoms)


@pytest.mark.parametrize("params", ["num_output: 16", "num_output: 7"])
@pytest.mark.parametrize("pool", ["true", "false"])
@pytest.mark.parametrize("bottoms", [(A, B), ((2, 3), (2, 5, 1, 1))])
def test_laws(params: str, pool: str, bottoms: tuple[Shape, ...]) -> None:
    case(f"{params} sum_pool: {pool}", bottoms).check_laws()


RAND = (
    1804289383, 846930886, 1681692777, 1714636915, 1957747793, 424238335, 719885386,
    1649760492, 596516649, 1189641421, 1025202362, 1350490027, 783368690, 1102520059,
)  # fmt: skip
"""What ``rand()`` of glibc gives after ``srand(1)``."""


def by_hand(a: Tensor, b: Tensor, bins: int) -> Tensor:
    """Return both count sketches' circular convolution at each position, times ``bins``."""
    h1, s1, h2, s2 = RAND[:3], RAND[3:6], RAND[6:10], RAND[10:14]
    top = torch.zeros(a.shape[0], bins, *a.shape[2:], dtype=a.dtype)
    for i in range(3):
        for j in range(4):
            sign = (2 * (s1[i] % 2) - 1) * (2 * (s2[j] % 2) - 1)
            top[:, (h1[i] + h2[j]) % bins] += sign * a[:, i] * b[:, j]
    return top * bins


def test_sketches_are_those_of_glibcs_rand() -> None:
    pooled, at_each = case("num_output: 16"), case("num_output: 16 sum_pool: false")
    a, b = (x.detach() for x in pooled.inputs())
    expected = by_hand(a, b, 16)

    torch.testing.assert_close(at_each.run(a, b)[0], expected)
    torch.testing.assert_close(pooled.run(a, b)[0], expected.sum((2, 3), keepdim=True))


def test_bins_that_nothing_falls_into_are_exactly_zero() -> None:
    pooled = case("num_output: 64")
    a, b = pooled.inputs(torch.float32)

    (y,) = pooled.run(a, b)

    assert (y[0] == 0).sum() >= 64 - 3 * 4


@pytest.mark.parametrize("pool", ["true", "false"])
def test_one_blob_may_be_both_bottoms(pool: str) -> None:
    pooled = case(f"num_output: 8 sum_pool: {pool}", (A, A))
    x, _ = pooled.inputs()

    def twice(x: Tensor) -> Tensor:
        return pooled.run(x, x)[0]

    torch.testing.assert_close(twice(x), pooled.run(x, x.clone())[0])
    assert torch.autograd.gradcheck(twice, (x,))


def _pooled_and_its_diffs(pooled: LayerCase, *inputs: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    inputs = tuple(x.detach().requires_grad_(True) for x in inputs)
    (top,) = pooled.run(*inputs)
    top = top.sum((2, 3))
    diff = torch.linspace(-1, 1, top.shape[1], dtype=top.dtype).expand_as(top)
    return top.detach(), torch.autograd.grad(top, inputs, diff)


def test_images_do_not_depend_on_those_computed_with_them() -> None:
    """Four images with 512 channels are one part."""
    bottoms = ((6, 512, 1, 2), (6, 512, 1, 2))
    pooled = case("num_output: 32", bottoms)
    a, b = pooled.inputs()

    top, diffs = _pooled_and_its_diffs(pooled, a, b)

    alone = [
        _pooled_and_its_diffs(pooled, *ab)
        for ab in zip(torch.split(a, 1), torch.split(b, 1), strict=True)
    ]
    torch.testing.assert_close(top, torch.cat([y for y, _ in alone]))
    for at, diff in enumerate(diffs):
        torch.testing.assert_close(diff, torch.cat([found[at] for _, found in alone]))


def test_positions_add_up_to_what_is_pooled() -> None:
    """Sixteen positions of 65536 bins are one part."""
    bottoms = ((5, 3, 2, 2), (5, 4, 2, 2))
    pooled, at_each = (
        case(f"num_output: 65536 sum_pool: {pool}", bottoms) for pool in ("true", "false")
    )
    inputs = pooled.inputs()

    torch.testing.assert_close(
        _pooled_and_its_diffs(at_each, *inputs), _pooled_and_its_diffs(pooled, *inputs)
    )


ORDERS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "images innermost": lambda x: x.movedim(0, -1).contiguous().movedim(-1, 0),
    "a slice": lambda x: torch.cat((x, x), 1)[:, : x.shape[1]],
    "a slice, channels last": lambda x: torch.cat((x, x), 1).contiguous(
        memory_format=torch.channels_last
    )[:, : x.shape[1]],
}


@pytest.mark.parametrize("pool", ["true", "false"])
@pytest.mark.parametrize("order", ORDERS)
def test_gradients_do_not_depend_on_the_order_in_memory(order: str, pool: str) -> None:
    pooled = case(f"num_output: 8 sum_pool: {pool}")
    a, b = (x.detach() for x in pooled.inputs())

    got = _pooled_and_its_diffs(pooled, ORDERS[order](a), ORDERS[order](b))

    torch.testing.assert_close(got, _pooled_and_its_diffs(pooled, a, b))


def test_diffs_of_maps_in_channels_last_are_in_channels_last() -> None:
    pooled = case("num_output: 8")
    last = [ORDERS["channels last"](x.detach()) for x in pooled.inputs()]

    _, diffs = _pooled_and_its_diffs(pooled, *last)

    assert all(diff.is_contiguous(memory_format=torch.channels_last) for diff in diffs)


@pytest.mark.parametrize("pool", ["true", "false"])
def test_a_batch_may_be_empty(pool: str) -> None:
    """What Filter lets pass may be nothing."""
    pooled = case(f"num_output: 8 sum_pool: {pool}", ((0, 3, 2, 2), (0, 4, 2, 2)))
    a, b = pooled.inputs()

    (top,) = pooled.run(a, b)
    top.sum().backward()

    assert (tuple(top.shape),) == pooled.layer.infer(*pooled.bottoms)
    assert [x.grad is not None and x.grad.shape for x in (a, b)] == [a.shape, b.shape]


def test_sketches_are_no_state() -> None:
    assert not case("num_output: 8").module().state_dict()


@pytest.mark.parametrize(
    ("params", "bottoms", "message"),
    [
        ("", (A, B), "`num_output` is not set"),
        (
            "num_output: 8",
            (A, (2, 4, 2, 3)),
            "bottoms of shapes (2, 3, 2, 2) and (2, 4, 2, 3) differ elsewhere than in channels",
        ),
        (
            "num_output: 8",
            ((1,) * 5, B),
            "a bottom of shape (1, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(params, bottoms).refusal() == message
