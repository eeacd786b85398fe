"""Other heights and widths."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

from protonet.ops.labels import check_range
from protonet.ops.reshaping import legacy_shape
from protonet.shape import InterpSize, UpsampleSize


class Interp(nn.Module):
    """Bilinear interpolation in which the corners of both images meet."""

    def __init__(self, size: InterpSize) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H', W')`` of ``x`` ``(N, C, H, W)``."""
        size = self.size.extents(x.shape[2:])
        before, after = self.size.crop
        if before or after:
            h, w = x.shape[2:]
            x = x[:, :, before : h - after, before : w - after]
        return F.interpolate(x, size, mode="bilinear", align_corners=True)


class Unpool(nn.Module):
    """Each value at the place that a mask tells; 0 elsewhere."""

    def __init__(self, size: UpsampleSize) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return ``(N, C, H', W')``; each value gets the gradient of its place.

        Args:
            x: ``(N, C, H, W)``.
            mask: For each value its place in the top's plane, ``h * W' + w``, as a float.

        Raises:
            ValueError: A place is outside.
        """
        h, w = self.size.extents(x.shape[2:])
        places = mask.detach().long()
        check_range(places, h * w, "place")
        top = x.new_zeros(*x.shape[:2], h * w).scatter(2, places.flatten(2), x.flatten(2))
        return top.reshape(*x.shape[:2], h, w)


class Repeat(nn.Module):
    """Each value ``scale`` times in height and width."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, scale H, scale W)`` of ``x`` ``(N, C, H, W)``."""
        return F.interpolate(x, scale_factor=self.scale, mode="nearest")


class Reorg(nn.Module):
    """Squares of ``stride`` x ``stride`` places as channels, in darknet's order, or back.

    darknet reads a bottom of C channels as if its memory held ``C / stride^2`` of them in an image
    that is larger by ``stride``, and moves the squares of that image: not what torch's
    ``pixel_unshuffle`` does.
    """

    def __init__(self, stride: int, *, reverse: bool) -> None:
        super().__init__()
        self.stride = stride
        self.reverse = reverse

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, stride^2 C, H / stride, W / stride)``; reversed ``stride`` divides C."""
        n, c, h, w = x.shape
        s, squared = self.stride, self.stride**2
        if self.reverse:
            squares = x.reshape(n, s, s, c // squared, h, w)
            return squares.permute(0, 3, 4, 1, 5, 2).reshape(n, c // squared, h * s, w * s)
        squares = x.reshape(n, c // squared, h, s, w, s)
        return squares.permute(0, 3, 5, 1, 2, 4).reshape(n, c * squared, h // s, w // s)


class ShuffleChannel(nn.Module):
    """Channel ``i`` of group ``g`` becomes the ``g``-th of the ``i``-th group."""

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H, W)``; axes that ``x`` has not are 1."""
        n, c, h, w = legacy_shape(x)
        groups = x.reshape(n, self.group, c // self.group, h, w)
        return groups.transpose(1, 2).reshape(n, c, h, w)


class Reverse(nn.Module):
    """One axis backwards."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the shape of ``x``."""
        return torch.flip(x, (self.axis,))
