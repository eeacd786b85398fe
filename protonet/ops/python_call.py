"""Runs a user's own Python layer between tensors."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from protonet.ops._apply import apply_many
from protonet.ops.python_layer import Array, Blob, Running, UserCode


class PythonLayer(nn.Module):
    """A user's layer: its ``forward`` and ``backward`` see numpy arrays on the CPU."""

    where: Tensor
    """Empty; on the device of the net."""

    def __init__(self, code: UserCode, bottoms: Sequence[tuple[int, ...]], tops: int) -> None:
        super().__init__()
        self.running, _, self._filled = code.take(bottoms, tops)
        self.register_buffer("where", torch.empty(0), persistent=False)

    def fill(self, at: int, blob: Tensor) -> None:
        """Give blob ``at`` the values that ``setup`` filled it with."""
        with torch.no_grad():
            blob.copy_(torch.from_numpy(self._filled[at]))

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the tops.

        Args:
            inputs: The bottoms, then the blobs that the layer learns.
        """
        self.running.layer.phase = 0 if self.training else 1
        like = inputs[0] if inputs else self.where
        tops = apply_many(_Call, self.running, like.dtype, like.device, *inputs)
        return tops[0] if len(tops) == 1 else tops


class _Call(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, running: Running, dtype: torch.dtype, device: torch.device, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.running = running
        ctx.save_for_backward(*inputs)
        _show(running, inputs)
        for top in running.top:
            top.data = top.data.astype(_array(torch.empty(0, dtype=dtype)).dtype, copy=False)
        with running.calling("reshape"):
            running.layer.reshape(running.bottom, running.top)
        with running.calling("forward"):
            running.layer.forward(running.bottom, running.top)
        return tuple(torch.tensor(top.data, dtype=dtype, device=device) for top in running.top)

    @staticmethod
    def backward(ctx: Any, *diffs: Tensor) -> tuple[Tensor | None, ...]:
        running: Running = ctx.running
        inputs: tuple[Tensor, ...] = ctx.saved_tensors
        _show(running, inputs)
        for top, diff in zip(running.top, diffs, strict=True):
            top.diff = _array(diff)
        propagate_down = ctx.needs_input_grad[3 : 3 + len(running.bottom)]
        with running.calling("backward"):
            running.layer.backward(running.top, propagate_down, running.bottom)
        blobs = (*running.bottom, *running.layer.blobs)
        found = [
            torch.tensor(blob.diff, dtype=x.dtype, device=x.device)
            for blob, x in zip(blobs, inputs, strict=True)
        ]
        return None, None, None, *found


def _show(running: Running, inputs: Sequence[Tensor]) -> None:
    """Let the layer's blobs look at tensors."""
    blobs: tuple[Blob, ...] = (*running.bottom, *running.layer.blobs)
    for blob, x in zip(blobs, inputs, strict=True):
        blob.assign(_array(x))


def _array(x: Tensor) -> Array:
    array: Array = x.detach().cpu().contiguous().numpy()
    return array
