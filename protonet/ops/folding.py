"""Layers that are folded into the weights of the one before."""

import torch
from torch import Tensor, nn

from protonet.ops.convolution import Convolution
from protonet.ops.normalization import BatchNorm


class FoldedConvolution(nn.Module):
    """A convolution with the BatchNorm (and Scale) behind it in its weights.

    ``norm(W x + b) = (s W) x + s (b - mean) + bias`` with ``s = scale / sqrt(var + eps)``. The
    folded weights are kept until a blob changes; where gradients are asked for they are made anew,
    so that these reach the blobs.
    """

    def __init__(self, convolution: Convolution, norm: BatchNorm, *, has_bias: bool) -> None:
        super().__init__()
        self.convolution = convolution
        self.eps = norm.eps
        self.has_bias = has_bias
        self._kept: tuple[tuple[tuple[int, int], ...], Tensor, Tensor] | None = None

    def forward(self, x: Tensor, *blobs: Tensor) -> Tensor:
        """Return what convolution and normalization make of ``x``.

        Args:
            x: ``(N, C, ...)``.
            blobs: The convolution's weight, its bias if it has one; mean, variance and factor as
                BatchNorm keeps them; perhaps the scale ``(C_out)``, perhaps the bias ``(C_out)``.
        """
        weight, bias = self._weights(blobs)
        y = self.convolution(x, weight, bias)
        assert isinstance(y, Tensor)
        return y

    def _weights(self, blobs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        if torch.is_grad_enabled() and any(blob.requires_grad for blob in blobs):
            self._kept = None
            return self._fold(blobs)
        # A version counts what was written into a tensor's memory, by any name of it.
        state = tuple((blob.data_ptr(), blob._version) for blob in blobs)  # noqa: SLF001 # torch has no public name for it
        if self._kept is None or self._kept[0] != state:
            with torch.inference_mode(mode=False), torch.no_grad():
                self._kept = (state, *self._fold(blobs))
        return self._kept[1:]

    def _fold(self, blobs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        weight, *others = blobs
        before = others.pop(0) if self.has_bias else None
        mean, var, factor, *affine = others
        count = torch.where(factor == 0, 0, factor.reciprocal())
        scale = (var * count + self.eps).rsqrt()
        if affine:
            scale = scale * affine[0]
        shift = -mean * count if before is None else before - mean * count
        bias = shift * scale + affine[1] if len(affine) > 1 else shift * scale
        return weight * scale.reshape(-1, *(1,) * (weight.dim() - 1)), bias
