"""Two-dimensional convolution whose weight's gradient is a product of matrices.

With AVX2 alone oneDNN's kernel for that gradient walks through channels_last in strides: it does
60 % of the operations a second of the forward pass, and 15 % for images of 224x224 and more. What
each position of the kernel sees, as rows of a matrix, is cheap to write in that layout, and the
product runs at full speed.
"""

from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops._apply import apply
from protonet.shape import ConvWindow, Shape

CHUNK = 2**21
"""Elements of the matrix that are written at once: 8 MiB."""
ROWS_AN_ELEMENT = 7
"""Writing an element of the matrix takes as long as so many products with it."""


@cache
def is_slow() -> bool:
    """Tell whether oneDNN's own gradient is slow here."""
    return torch.backends.cpu.get_cpu_capability() == "AVX2"


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None, window: ConvWindow) -> Tensor:
    """Return the cross-correlation, as `torch.nn.functional.conv2d`.

    Args:
        x: ``(N, C, H, W)``.
        weight: ``(C_out, C, *kernel)``.
        bias: ``(C_out)``.
        window: Its kernel has two axes.
    """
    if _suits(x, weight, window):
        return apply(_Convolved, x, weight, bias, window)
    return F.conv2d(x, weight, bias, window.stride, window.pad, window.dilation)


def _suits(x: Tensor, weight: Tensor, window: ConvWindow) -> bool:
    """Tell whether the product is the faster way."""
    if not (torch.is_grad_enabled() and weight.requires_grad) or torch.compiler.is_compiling():
        return False
    is_plain = x.dtype is weight.dtype is torch.float32 and x.device.type == "cpu" and len(x) > 0
    positions = prod(window.kernel)
    # The layout of a 1x1 kernel says nothing.
    tells = weight if positions > 1 else x
    is_last = tells.is_contiguous(memory_format=torch.channels_last)
    if not is_plain or not is_last or not is_slow():
        return False
    pays = positions == 1 or len(weight) >= ROWS_AN_ELEMENT * positions
    return pays and window.dilation == (1, 1) and not torch.is_autocast_enabled("cpu")


class _Convolved(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, window: ConvWindow
    ) -> Tensor:
        x = x.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(x, weight)
        ctx.window = window
        return F.conv2d(x, weight, bias, window.stride, window.pad)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, diff: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's own is `*grad_outputs`
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias, _ = ctx.needs_input_grad
        w: ConvWindow = ctx.window
        return (
            _bottom_gradient(x, weight, diff, w) if to_x else None,
            weight_gradient(x, diff, w) if to_weight else None,
            diff.sum((0, 2, 3)) if to_bias else None,
            None,
        )


def _bottom_gradient(x: Tensor, weight: Tensor, diff: Tensor, w: ConvWindow) -> Tensor:
    backward = torch.ops.aten.convolution_backward
    plain, wanted = ((1, 1), False, (0, 0), 1), (True, False, False)
    return backward(diff, x, weight, None, w.stride, w.pad, *plain, wanted)[0]


def weight_gradient(x: Tensor, diff: Tensor, window: ConvWindow) -> Tensor:
    """Return the gradient of the weight, ``(C_out, C, *kernel)`` in channels_last.

    Args:
        x: The bottom, ``(N, C, H, W)``.
        diff: The gradient of the top, ``(N, C_out, *out)``.
        window: The kernel.
    """
    channels, outputs = x.shape[1], diff.shape[1]
    elements, positions = channels * prod(window.kernel), diff[:, 0].numel()
    # The product is faster this way round, if it is not much work to turn it.
    is_tall = 2 * outputs < elements < positions
    shape = (elements, outputs) if is_tall else (outputs, elements)
    found = x.new_zeros(shape)
    for seen, gradient in _chunks(x, diff, window):
        if is_tall:
            found.addmm_(seen.t(), gradient)
        else:
            found.addmm_(gradient.t(), seen)
    rows = found.t().contiguous() if is_tall else found
    return rows.view(outputs, *window.kernel, channels).permute(0, 3, 1, 2)


def _chunks(x: Tensor, diff: Tensor, window: ConvWindow) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ``(positions, *kernel * C)`` and ``(positions, C_out)`` of some rows at a time.

    The first is valid until the next is asked for: a small piece of memory that stays in the cache.
    """
    n, outputs, rows, columns = diff.shape
    gradients = diff.permute(0, 2, 3, 1)
    if prod(window.kernel) == prod(window.stride) == 1 and not any(window.pad):
        yield x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]), gradients.reshape(-1, outputs)
        return
    width = window.kernel[1] * x.shape[1]
    elements = window.kernel[0] * width
    images = max(1, min(n, CHUNK // (rows * columns * elements)))
    lines = max(1, min(rows, CHUNK // (columns * elements)))
    matrix = x.new_empty(images, lines, columns, window.kernel[0], width)
    for i in range(0, n, images):
        seen = _windows(x[i : i + images], window, (rows, columns))
        for r in range(0, rows, lines):
            part = seen[:, r : r + lines]
            written = matrix[: part.shape[0], : part.shape[1]].copy_(part)
            gradient = gradients[i : i + images, r : r + lines]
            yield written.view(-1, elements), gradient.reshape(-1, outputs)


def _windows(x: Tensor, window: ConvWindow, out: Shape) -> Tensor:
    """Return a view ``(N, *out, kernel height, kernel width * C)`` of the padded bottom."""
    (top, left), (down, right), (height, width) = window.pad, window.stride, window.kernel
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, left, left, top, top)).contiguous()
    image, row, pixel, channel = padded.stride()
    return padded.as_strided(
        (len(x), *out, height, width * x.shape[1]),
        (image, row * down, pixel * right, row, channel),
    )
