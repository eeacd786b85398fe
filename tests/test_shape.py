"""Caffe's shape arithmetic."""

from itertools import product
from math import ceil, floor, trunc

import pytest

from protonet.shape import (
    ConvWindow,
    PoolWindow,
    canonical_axis,
    conv_extent,
    count,
    deconv_extent,
    pool_extent,
    pyramid_window,
)


def test_count_of_no_axes_is_1() -> None:
    assert (count(()), count((2, 3)), count((2, 0))) == (1, 6, 0)


def test_axes_count_from_both_ends() -> None:
    assert [canonical_axis(axis, 3) for axis in range(-3, 3)] == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("axis", [-4, 3])
def test_an_axis_that_is_not_there_is_refused(axis: int) -> None:
    with pytest.raises(ValueError, match=f"axis {axis} is out of range for 3 axes"):
        canonical_axis(axis, 3)


def test_convolved_extents_are_rounded_towards_0() -> None:
    numbers = product(range(1, 12), range(1, 6), range(1, 4), range(3), range(1, 4))
    for size, kernel, stride, pad, dilation in numbers:
        reach = dilation * (kernel - 1) + 1
        expected = trunc((size + 2 * pad - reach) / stride) + 1
        found = conv_extent(size, kernel=kernel, stride=stride, pad=pad, dilation=dilation)
        assert found == expected


def test_a_transposed_convolution_is_undone_by_a_convolution() -> None:
    numbers = product(range(1, 12), range(1, 6), range(1, 4), range(1, 4))
    for size, kernel, stride, dilation in numbers:
        extent = deconv_extent(size, kernel=kernel, stride=stride, dilation=dilation)
        assert conv_extent(extent, kernel=kernel, stride=stride, dilation=dilation) == size


@pytest.mark.parametrize(("rounds_up", "rounded"), [(True, ceil), (False, floor)])
def test_pooled_extents_are_rounded_as_asked_and_clipped_with_padding(
    rounds_up: bool, rounded: type[int]
) -> None:
    numbers = product(range(1, 20), range(1, 8), range(1, 6), range(3))
    for size, kernel, stride, pad in numbers:
        expected = rounded((size + 2 * pad - kernel) / stride) + 1
        clipped = expected - (expected > 0 and (expected - 1) * stride >= size + pad)
        for clip, extent in ((False, expected), (True, clipped)):
            found = pool_extent(
                size, kernel=kernel, stride=stride, pad=pad, clip=clip, ceil=rounds_up
            )
            assert found == extent


def test_padding_of_one_axis_clips_the_other_too() -> None:
    assert PoolWindow((2, 1), stride=(1, 3), pad=(1, 0)).extents((4, 6)) == (5, 2)
    assert PoolWindow((2, 1), stride=(1, 3)).extents((4, 6)) == (3, 3)


def test_a_frame_holds_all_windows_exactly() -> None:
    for size, kernel, stride, pad in product(range(1, 12), range(1, 5), range(1, 5), range(3)):
        if pad < kernel <= size + 2 * pad:
            window = PoolWindow((kernel, 1), (stride, 1), (pad, 0))
            (extent, _), ((before, after), _) = window.extents((size, 1)), window.frame((size, 1))
            assert before + size + after == (extent - 1) * stride + kernel


def test_an_empty_window_is_one_that_starts_beyond_the_image() -> None:
    assert PoolWindow((1, 1), stride=(4, 1)).has_empty((6, 6))
    assert not PoolWindow((3, 3), stride=(2, 2)).has_empty((6, 6))


def test_an_overhang_is_what_a_kernel_lacks() -> None:
    window = ConvWindow(kernel=(3, 3), stride=(2, 2), pad=(0, 1), dilation=(2, 1))

    assert window.overhang((3, 1)) == (2, 0)
    assert window.extents((3, 1)) == (0, 1)
    assert window.transposed_extents((3, 1)) == (9, 1)


@pytest.mark.parametrize(
    ("sizes", "level", "window"),
    [
        ((7, 4), 0, PoolWindow((7, 4), (7, 4), (0, 0))),
        ((7, 4), 1, PoolWindow((4, 2), (4, 2), (1, 0))),
        ((9, 8), 2, PoolWindow((3, 2), (3, 2), (2, 0))),
    ],
)
def test_bins_of_a_pyramid_cover_the_image(
    sizes: tuple[int, int], level: int, window: PoolWindow
) -> None:
    assert pyramid_window(sizes, level) == window
