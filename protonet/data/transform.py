"""Caffe's DataTransformer: crop, subtract the mean, scale, mirror, in this order.

Crops are copied and mirrored as bytes, into one array a batch, by any thread; the batch then
becomes floats, less the mean and scaled, at once and on the device.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.faults import Fault, fault
from protonet.data.seeds import Purpose, Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.sources.base import Image, Pixels
from protonet.data.sources.transformed import transformed
from protonet.diagnostics import DiagnosticError
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape

PixelArray = NDArray[np.uint8 | np.float32]


class Batch(NamedTuple):
    """Images of one size, cropped and mirrored.

    Attributes:
        pixels: ``(N, C, H, W)``; of decoded images a view of ``(N, H, W, C)``.
        labels: ``(N,)``.
        corners: Row and column where each crop was, ``(N, 2)``.
        mirrored: Which are mirrored, ``(N,)``.
    """

    pixels: Tensor
    labels: Tensor
    corners: NDArray[np.int64]
    mirrored: NDArray[np.bool_]

    def pinned(self) -> "Batch":
        """Return it in memory from which a CUDA device can copy by itself."""
        return self._replace(
            pixels=self.pixels.pin_memory(), labels=self.labels.pin_memory()
        )  # gpu


@dataclass(frozen=True)
class Transformer:
    """What one data layer does to its images.

    Attributes:
        param: What is to be done.
        phase: Crops are random in TRAIN and central in TEST; mirroring is random in both.
        seed: Of the random numbers.
        source: Where the images come from, for messages.
        device: Where the batches go.
        mean: The mean image and its mirror image, ``(2, C, H, W)``, of the size before the crop.
        shard: Which images of a joint batch are given.
    """

    param: TransformationParameter
    phase: Phase
    seed: Seed
    source: str
    device: torch.device
    mean: Tensor | None = None
    shard: Shard = WHOLE

    def gather(self, images: Pixels, indices: NDArray[np.int64], position: int) -> Batch:
        """Return a batch of images that are in memory.

        Raises:
            DiagnosticError: PN508 or PN509, they do not fit the crop or the mean.
        """
        number, shape = len(indices), images.shape()
        cropped = self._shape(shape)
        draws = self._draws(position, number)
        corners = np.broadcast_to(self._corner(shape, cropped, draws), (number, 2))
        if cropped == shape:
            pixels = images.pixels[indices]
        else:
            windows = np.lib.stride_tricks.sliding_window_view(
                images.pixels, cropped[1:], axis=(2, 3)
            )
            pixels = windows[indices, :, corners[:, 0], corners[:, 1]]
        mirrored = self._mirrored(draws)
        if mirrored.any():
            pixels[mirrored] = pixels[mirrored, ..., ::-1]
        labels = images.labels[indices]
        return Batch(torch.from_numpy(pixels), torch.from_numpy(labels), corners, mirrored)

    def collect(self, images: Iterable[Image], number: int, position: int) -> Batch:
        """Return a batch of images that come one after the other.

        Raises:
            DiagnosticError: PN507, their sizes differ; PN508 or PN509, they do not fit the crop
                or the mean.
        """
        labels = np.empty(number, np.float32)
        corners = np.empty((number, 2), np.int64)
        draws = self._draws(position, number)
        mirrored = self._mirrored(draws)
        pixels: PixelArray = np.empty(0, np.uint8)
        for at, image in enumerate(images):
            shape = self._shape(image.pixels.shape)
            corners[at] = top, left = self._corner(image.pixels.shape, shape, draws[:, at])
            crop = image.pixels[:, top : top + shape[1], left : left + shape[2]]
            if at == 0:
                pixels = _room(number, crop)
            elif pixels.shape[1:] != crop.shape:
                raise self._differ(pixels.shape[1:], crop.shape)
            pixels[at] = crop[..., ::-1] if mirrored[at] else crop
            labels[at] = image.label
        return Batch(torch.from_numpy(pixels), torch.from_numpy(labels), corners, mirrored)

    def finish(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return float32 images ``(N, C, H, W)`` and labels ``(N,)`` on the device."""
        images = batch.pixels.to(self.device, non_blocking=True).float()
        if self.mean is not None:
            _subtract_image(images, self.mean, batch)
        elif self.param.mean_value:
            _subtract_values(images, self.param.mean_value)
        if self.param.scale != 1:
            images.mul_(self.param.scale)
        return images, batch.labels.to(self.device, non_blocking=True)

    def _shape(self, image: Shape) -> Shape:
        if self.mean is not None and self.mean.shape[1:] != image:
            raise fault(
                Fault.MEAN,
                f"the mean in `{self.param.mean_file}` is {tuple(self.mean.shape[1:])},"
                f" but an image of `{self.source}` is {image}",
                help="a mean image has the size of the images before the crop",
                file=self.source,
            )
        return transformed(self.param, image, self.source)

    def _draws(self, position: int, number: int) -> NDArray[np.float64]:
        """Return three numbers for each image: for row, column and mirroring."""
        if not self.param.mirror and (self.phase is Phase.TEST or not self.param.crop_size):
            return np.zeros((3, number))
        # An image is cropped alike whichever process reads it.
        numbers = self.seed.at(Purpose.TRANSFORM, position).random((3, number * self.shard.size))
        return numbers[:, self.shard.own]

    def _corner(self, image: Shape, crop: Shape, draws: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return row and column of a crop, or of each in a batch."""
        room = np.subtract(image[1:], crop[1:])
        if self.phase is Phase.TEST:
            return room // 2
        return (draws[:2].T * (room + 1)).astype(np.int64)

    def _mirrored(self, draws: NDArray[np.float64]) -> NDArray[np.bool_]:
        # Caffe does so in TEST, too (data_transformer.cpp, Transform).
        return draws[2] < (0.5 if self.param.mirror else 0)

    def _differ(self, first: Shape, other: Shape) -> DiagnosticError:
        return fault(
            Fault.SIZES,
            f"a batch of `{self.source}` holds images of {first} and {other}",
            help="set `crop_size`, or `new_height` and `new_width`, or `batch_size: 1`",
            file=self.source,
        )


def _room(number: int, image: PixelArray) -> PixelArray:
    """Return room for images whose values lie in memory as those of this one."""
    channels, height, width = image.shape
    if image.strides[0] < image.strides[2]:
        return np.empty((number, height, width, channels), image.dtype).transpose(0, 3, 1, 2)
    return np.empty((number, channels, height, width), image.dtype)


def _subtract_image(images: Tensor, mean: Tensor, batch: Batch) -> None:
    height, width = images.shape[2:]
    for image, (top, left), mirrored in zip(
        images, batch.corners.tolist(), batch.mirrored.tolist(), strict=True
    ):
        at = mean.shape[3] - width - left if mirrored else left
        image.sub_(mean[int(mirrored), :, top : top + height, at : at + width])


def _subtract_values(images: Tensor, values: tuple[float, ...]) -> None:
    rows = images.permute(0, 2, 3, 1)
    if len(values) == 1:
        images.sub_(values[0])
    elif rows.is_contiguous():
        # A broadcast over three channels side by side is slow: subtract whole rows of pixels.
        row = images.new_tensor(values).repeat(images.shape[3])
        rows.reshape(*rows.shape[:2], -1).sub_(row)
    else:
        images.sub_(images.new_tensor(values).view(-1, 1, 1))
