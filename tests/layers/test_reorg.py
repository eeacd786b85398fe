"""Reorg."""

import itertools

import numpy as np
import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(stride: int, shape: Shape, *, reverse: bool = False) -> LayerCase:
    text = f"reorg_param {{ stride: {stride} reverse: {str(reverse).lower()} }}"
    return LayerCase("Reorg", text, bottoms=(shape,))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("stride", [1, 2])
def test_laws(stride: int, reverse: bool) -> None:
    case(stride, (2, 8, 4, 6), reverse=reverse).check_laws()


def walk(x: np.ndarray, stride: int, *, reverse: bool) -> np.ndarray:
    """Move one value after the other: a place of ``small`` (C, H, W), one of ``large``."""
    n, c, h, w = x.shape
    depth = c // stride**2
    other = np.empty((n, depth, h * stride, w * stride))
    small, large = (x, other) if reverse else (np.empty_like(x), x.reshape(other.shape))
    for k, j, i in itertools.product(range(c), range(h), range(w)):
        row, column = divmod(k // depth, stride)
        there = (slice(None), k % depth, j * stride + row, i * stride + column)
        if reverse:
            large[there] = small[:, k, j, i]
        else:
            small[:, k, j, i] = large[there]
    return large if reverse else small


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("stride", "shape"), [(2, (2, 8, 4, 6)), (3, (1, 9, 6, 3))])
def test_values_move_as_darknet_moves_them(stride: int, shape: Shape, reverse: bool) -> None:
    x = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)

    (y,) = case(stride, shape, reverse=reverse).run(torch.from_numpy(x))

    assert y.flatten().tolist() == walk(x, stride, reverse=reverse).flatten().tolist()


@pytest.mark.parametrize(
    ("shape", "reverse", "top"),
    [((2, 64, 26, 26), False, (2, 256, 13, 13)), ((2, 8, 3, 5), True, (2, 2, 6, 10))],
)
def test_squares_become_channels_and_back(shape: Shape, reverse: bool, top: Shape) -> None:
    assert case(2, shape, reverse=reverse).layer.infer(shape) == (top,)


@pytest.mark.parametrize("reverse", [False, True])
def test_channels_without_squares_are_refused(reverse: bool) -> None:
    assert case(2, (1, 6, 4, 4), reverse=reverse).refusal() == (
        "a bottom of shape (1, 6, 4, 4) cannot be cut into squares of 2 x 2"
    )


@pytest.mark.parametrize("shape", [(1, 8, 3, 4), (1, 8, 4, 3)])
def test_an_image_without_squares_is_refused(shape: Shape) -> None:
    assert case(2, shape).refusal() == (
        f"a bottom of shape {shape} cannot be cut into squares of 2 x 2"
    )


def test_the_stride_is_required() -> None:
    assert LayerCase("Reorg", "", bottoms=((1, 4, 2, 2),)).refusal() == "`stride` is not set"


def test_three_axes_are_refused() -> None:
    assert case(2, (4, 2, 2)).refusal() == "Reorg needs 4 axes, the bottom is (4, 2, 2)"
