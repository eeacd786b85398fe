"""Convolutions over any number of axes, and their patches."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.convolved import convolved
from protonet.shape import ConvWindow

_CONVOLUTIONS: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}


def _cover(x: Tensor, window: ConvWindow) -> Tensor:
    """Return ``x`` with zeros appended where the kernel reaches beyond the padded end.

    torch refuses a kernel that does not fit; Caffe may have one output position there.
    """
    overhang = window.overhang(x.shape[2:])
    if not any(overhang):
        return x
    return F.pad(x, [n for end in reversed(overhang) for n in (0, end)])


def patches(x: Tensor, window: ConvWindow) -> Tensor:
    """Return ``(N, C * kernel, *out)``: what each position of the kernel sees (im2col)."""
    x = F.pad(_cover(x, window), [n for pad in reversed(window.pad) for n in (pad, pad)])
    axes = range(2, x.dim())
    for axis, k, s, d in zip(axes, window.kernel, window.stride, window.dilation, strict=True):
        x = x.unfold(axis, d * (k - 1) + 1, s)[..., ::d]
    x = x.permute(0, 1, *(a + len(axes) for a in axes), *axes)
    return x.flatten(1, 1 + len(axes))


class Convolution(nn.Module):
    """Cross-correlation, or its transpose, of several bottoms with one set of weights."""

    def __init__(
        self,
        *,
        axis: int,
        window: ConvWindow,
        group: int,
        bottoms: int = 1,
        transposed: bool = False,
    ) -> None:
        """Store how bottoms are read: ``axis`` holds the channels, those after it are spatial."""
        super().__init__()
        self.axis = axis
        self.window = window
        self.group = group
        self.bottoms = bottoms
        self.transposed = transposed

    def forward(self, *arguments: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the top, or a tuple of tops.

        Args:
            arguments: The bottoms ``(..., C, *spatial)``, the weight, and the bias if there is one.
            The
                weight is ``(C_out, C / group, *kernel)``; ``(C, C_out / group, *kernel)`` if
                transposed.
        """
        weight, *biases = arguments[self.bottoms :]
        bias = biases[0] if biases else None
        if self.bottoms == 1:
            return self._top(arguments[0], weight, bias)
        return tuple(self._top(x, weight, bias) for x in arguments[: self.bottoms])

    def _top(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        slide = self._transposed if self.transposed else self._convolved
        if self.axis == 1:
            return slide(x, weight, bias)
        y = slide(x.reshape(-1, *x.shape[self.axis :]), weight, bias)
        return y.reshape(*x.shape[: self.axis], *y.shape[1:])

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        w, native = self.window, _CONVOLUTIONS.get(len(self.window.kernel))
        if native is None:
            return _add(_correlate(x, weight, w, self.group), bias)
        if native is F.conv2d and self.group == 1:
            return convolved(_cover(x, w), weight, bias, w)
        return native(_cover(x, w), weight, bias, w.stride, w.pad, w.dilation, self.group)

    def _transposed(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        w, native = self.window, _TRANSPOSED.get(len(self.window.kernel))
        if native is None:
            return _add(_scatter(x, weight, w, self.group), bias)
        return native(x, weight, bias, w.stride, w.pad, 0, self.group, w.dilation)


def _correlate(x: Tensor, weight: Tensor, window: ConvWindow, group: int) -> Tensor:
    """Return the cross-correlation ``(N, C_out, *out)`` over any number of axes."""
    columns = patches(x, window)
    n, out = len(x), columns.shape[2:]
    rows = weight.reshape(group, len(weight) // group, -1)
    return (rows @ columns.reshape(n, group, -1, prod(out))).reshape(n, len(weight), *out)


def _scatter(x: Tensor, weight: Tensor, window: ConvWindow, group: int) -> Tensor:
    """Return the transpose of `_correlate` applied to ``x``."""
    out = window.transposed_extents(x.shape[2:])
    start = x.new_zeros(len(x), weight.shape[1] * group, *out)

    def correlate(y: Tensor) -> Tensor:
        return _correlate(y, weight, window, group)

    return torch.func.vjp(correlate, start)[1](x)[0]


def _add(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.dim() - 2))


class Im2col(nn.Module):
    """What each position of a kernel sees: ``C`` becomes ``C * kernel``."""

    def __init__(self, *, axis: int, window: ConvWindow) -> None:
        """Store how the bottom is read: ``axis`` holds the channels, those after it are spatial."""
        super().__init__()
        self.axis = axis
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(..., C * kernel, *out)`` of ``x`` ``(..., C, *spatial)``."""
        y = patches(x.reshape(-1, *x.shape[self.axis :]), self.window)
        return y.reshape(*x.shape[: self.axis], *y.shape[1:])
