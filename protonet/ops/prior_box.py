"""Priors: boxes of fixed sizes around the cells of a feature map."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from protonet.ops.reshaping import legacy_shape


class PriorBox(nn.Module):
    """Boxes of ``sizes`` around each cell, and their variances."""

    def __init__(
        self,
        sizes: Sequence[tuple[float, float]],
        *,
        image: tuple[int, int] | None,
        step: tuple[float, float] | None,
        offset: float,
        clip: bool,
        variance: Sequence[float],
    ) -> None:
        """Store what priors are made of.

        Args:
            sizes: Widths and heights of a cell's boxes, in pixels of the image.
            image: Height and width of the image; None for those of the second bottom.
            step: Distance of two rows and two columns of cells; None to spread them evenly.
            offset: Where in its cell a centre is, as a share.
            clip: Cut the boxes at the image's border.
            variance: One for all coordinates, or four.
        """
        super().__init__()
        self.sizes = tuple(sizes)
        self.image = image
        self.step = step
        self.offset = offset
        self.clip = clip
        self.variance = tuple(variance)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        """Return ``(1, 2, 4 H W P)``: corners x1, y1, x2, y2 as shares of the image, variances.

        Args:
            x: ``(N, C, H, W)``; its extents alone matter.
            image: ``(N, C, H', W')``, likewise.
        """
        cells, pixels = legacy_shape(x)[2:], self.image or legacy_shape(image)[2:]
        step = self.step or [pixel / cell for pixel, cell in zip(pixels, cells, strict=True)]
        # Caffe has centres and sizes in 32 bits, and the corners' arithmetic in 64.
        ys, xs = (
            ((torch.arange(n, dtype=torch.float32, device=x.device) + self.offset) * s).double()
            for n, s in zip(cells, step, strict=True)
        )
        half_w, half_h = (torch.tensor(self.sizes, device=x.device).double() / 2).unbind(-1)
        ys, xs = ys[:, None, None], xs[None, :, None]
        edges = (
            (xs - half_w) / pixels[1],
            (ys - half_h) / pixels[0],
            (xs + half_w) / pixels[1],
            (ys + half_h) / pixels[0],
        )
        boxes = torch.stack([edge.expand(*cells, -1) for edge in edges], -1).reshape(-1, 4)
        if self.clip:
            boxes = boxes.clamp(0, 1)
        variance = torch.tensor(self.variance, dtype=boxes.dtype, device=x.device)
        return torch.stack((boxes, variance.expand_as(boxes))).reshape(1, 2, -1).to(image.dtype)
