"""Caffe's integer shape arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]


def extents(shape: Shape) -> str:
    """Return a shape as people write it: ``64x3x3x3``."""
    return "x".join(map(str, shape)) if shape else "scalar"


def count(extents: Iterable[int]) -> int:
    """Return the number of elements; of no axes, 1."""
    return prod(extents)


def canonical_axis(axis: int, axes: int) -> int:
    """Return ``axis`` counted from the front; -1 is the last of ``axes``.

    Raises:
        ValueError: There is no such axis.
    """
    if not -axes <= axis < axes:
        raise ValueError(f"axis {axis} is out of range for {axes} axes")
    return axis % axes


def conv_extent(size: int, *, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> int:
    """Return the extent of one convolved axis (``conv_layer.cpp``; may be below 1)."""
    # C++ division truncates towards zero, which matters only where the kernel does not fit.
    reach = size + 2 * pad - (dilation * (kernel - 1) + 1)
    return (reach // stride if reach >= 0 else -(-reach // stride)) + 1


def deconv_extent(
    size: int, *, kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1
) -> int:
    """Return the extent of one axis after a transposed convolution (``deconv_layer.cpp``)."""
    return stride * (size - 1) + dilation * (kernel - 1) + 1 - 2 * pad


def pool_extent(
    size: int, *, kernel: int, stride: int = 1, pad: int = 0, clip: bool = False, ceil: bool = True
) -> int:
    """Return the extent of one pooled axis (``pooling_layer.cpp``, Reshape).

    Args:
        size: Extent of the bottom.
        kernel: Extent of a window.
        stride: Distance of two windows.
        pad: Padding on each side.
        clip: Drop a last window that starts beyond the image and its front padding. Caffe does so
            on both axes as soon as one of them is padded.
        ceil: Round up (``round_mode: CEIL``).
    """
    reach = size + 2 * pad - kernel
    steps, rest = divmod(reach, stride)
    extent = steps + 1 + (ceil and rest > 0)
    if clip and (extent - 1) * stride >= size + pad:
        extent -= 1
    return extent


@dataclass(frozen=True, slots=True)
class ConvWindow:
    """How a convolution's kernel moves; one number for each spatial axis."""

    kernel: Shape
    stride: Shape
    pad: Shape
    dilation: Shape

    def extents(self, sizes: Sequence[int]) -> Shape:
        """Return the spatial extents of a convolution's top."""
        return tuple(
            conv_extent(size, kernel=k, stride=s, pad=p, dilation=d)
            for size, k, s, p, d in self._axes(sizes)
        )

    def transposed_extents(self, sizes: Sequence[int]) -> Shape:
        """Return the spatial extents of a transposed convolution's top."""
        return tuple(
            deconv_extent(size, kernel=k, stride=s, pad=p, dilation=d)
            for size, k, s, p, d in self._axes(sizes)
        )

    def overhang(self, sizes: Sequence[int]) -> Shape:
        """Return how far the kernel reaches beyond the padded end of axes that it does not fit in.

        By the truncation in `conv_extent` it still has one position there if the stride is larger;
        Caffe reads zeros.
        """
        return tuple(
            max(0, d * (k - 1) + 1 - size - 2 * p) for size, k, _, p, d in self._axes(sizes)
        )

    def _axes(self, sizes: Sequence[int]) -> Iterable[tuple[int, int, int, int, int]]:
        return zip(sizes, self.kernel, self.stride, self.pad, self.dilation, strict=True)


@dataclass(frozen=True, slots=True)
class PoolWindow:
    """How a pooling window moves; one number for each of height and width."""

    kernel: Shape
    stride: Shape = (1, 1)
    pad: Shape = (0, 0)
    ceil: bool = True

    def extents(self, sizes: Sequence[int]) -> Shape:
        """Return the height and the width of the top."""
        clip, ceil = any(self.pad), self.ceil
        return tuple(
            pool_extent(size, kernel=k, stride=s, pad=p, clip=clip, ceil=ceil)
            for size, k, s, p in self._axes(sizes)
        )

    def frame(self, sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Return what to add before and after each axis, so that exactly all windows fit in it."""
        axes = zip(self.extents(sizes), self._axes(sizes), strict=True)
        return tuple((p, (out - 1) * s + k - p - size) for out, (size, k, s, p) in axes)

    def has_empty(self, sizes: Sequence[int]) -> bool:
        """Tell whether some last window lies beyond the image."""
        axes = zip(self.extents(sizes), self._axes(sizes), strict=True)
        return any((out - 1) * s - p >= size for out, (size, _, s, p) in axes)

    def _axes(self, sizes: Sequence[int]) -> Iterable[tuple[int, int, int, int]]:
        return zip(sizes, self.kernel, self.stride, self.pad, strict=True)


def pyramid_window(sizes: Sequence[int], level: int) -> PoolWindow:
    """Return the window that covers an image with ``2^level`` bins an axis (``spp_layer.cpp``)."""
    bins = 2**level
    kernel = tuple(-(-size // bins) for size in sizes)
    pad = tuple((k * bins - size + 1) // 2 for k, size in zip(kernel, sizes, strict=True))
    return PoolWindow(kernel, stride=kernel, pad=pad)


@dataclass(frozen=True, slots=True)
class InterpSize:
    """How large Interp's top is: ``fixed``, or what ``shrink``, then ``zoom`` make of the bottom.

    Attributes:
        fixed: Height and width.
        shrink: Every ``shrink``-th place is kept.
        zoom: ``zoom - 1`` places come between two neighbours.
        crop: Places that are cut off before, and after, in height and width, before all else.
    """

    fixed: Shape | None = None
    shrink: int = 1
    zoom: int = 1
    crop: tuple[int, int] = (0, 0)

    def extents(self, sizes: Sequence[int]) -> Shape:
        """Return the height and the width of the top."""
        if self.fixed:
            return self.fixed
        shrunk = [(size - sum(self.crop) - 1) // self.shrink for size in sizes]
        return tuple(steps * self.zoom + 1 for steps in shrunk)


@dataclass(frozen=True, slots=True)
class UpsampleSize:
    """How large Upsample's top is: ``fixed``, or the bottom times ``scale``, less ``pad_out``."""

    fixed: Shape | None = None
    scale: Shape = (2, 2)
    pad_out: Shape = (0, 0)

    def extents(self, sizes: Sequence[int]) -> Shape:
        """Return the height and the width of the top."""
        axes = zip(sizes, self.scale, self.pad_out, strict=True)
        return self.fixed or tuple(size * scale - pad for size, scale, pad in axes)
