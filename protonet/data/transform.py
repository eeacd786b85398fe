"""Caffe's DataTransformer: crop, subtract the mean, scale, mirror, in this order.

What `Augmentation` does comes before, image by image. Crops are copied and mirrored as bytes, into
one array a batch, by any thread; the batch then becomes floats, less the mean and scaled, at once
and on the device.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.augment import Augmentation
from protonet.data.faults import Fault, fault
from protonet.data.mirror import copy, mirror
from protonet.data.seeds import Purpose, Seed
from protonet.data.shard import WHOLE, Shard
from protonet.data.sources.base import Image, Pixels
from protonet.data.sources.transformed import cropped, some_image, views
from protonet.diagnostics import DiagnosticError
from protonet.message.augmentation import ChannelOrder
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape

PixelArray = NDArray[np.uint8 | np.float32]

Called = Callable[[int], str]
"""Tells what an image of a batch is called."""

_TINY = float(np.finfo(np.float32).tiny)


class Batch(NamedTuple):
    """Images of one size, cropped and mirrored.

    Attributes:
        pixels: ``(N, C, H, W)``; of decoded images a view of ``(N, H, W, C)``.
        labels: ``(L, N)``, L for each image.
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

    def gather(
        self,
        images: Pixels,
        indices: NDArray[np.int64],
        position: int,
        draws: NDArray[np.float64] | None = None,
    ) -> Batch:
        """Return a batch of images that are in memory.

        Args:
            images: All there are.
            indices: Those of the batch.
            position: Of the batch, for random numbers.
            draws: Use these numbers instead, three for each image.

        Raises:
            DiagnosticError: PN508 or PN509, they do not fit the crop or the mean.
        """
        number, shape = len(indices), images.shape()
        crop = self._shape(shape)
        draws = self._draws(position, number) if draws is None else draws
        corners = np.broadcast_to(self._corner(shape, crop, draws), (number, 2))
        if crop == shape:
            pixels = images.pixels[indices]
        else:
            windows = np.lib.stride_tricks.sliding_window_view(images.pixels, crop[1:], axis=(2, 3))
            pixels = windows[indices, :, corners[:, 0], corners[:, 1]]
        mirrored = self._mirrored(draws)
        mirror(pixels, mirrored)
        labels = images.labels[indices][None]
        return Batch(torch.from_numpy(pixels), torch.from_numpy(labels), corners, mirrored)

    def collect(
        self,
        images: Iterable[Image],
        number: int,
        position: int,
        draws: NDArray[np.float64] | None = None,
        called: Called | None = None,
    ) -> Batch:
        """Return a batch of images that come one after the other.

        Args:
            images: The images.
            number: How many they are.
            position: Of the batch, for random numbers.
            draws: Use these numbers instead, three for each image.
            called: Tells what an image of the batch is called, for messages.

        Raises:
            DiagnosticError: PN507, their sizes differ; PN508 or PN509, they do not fit the crop
                or the mean.
        """
        each = self.views
        corners = np.zeros((number * each, 2), np.int64)
        draws = self._draws(position, number) if draws is None else draws
        mirrored = np.tile(TEN[:, 2] > 0, number) if each > 1 else self._mirrored(draws)
        flips: list[bool] = mirrored.tolist()
        labels: list[tuple[float, ...]] = []
        pixels: PixelArray = np.empty(0, np.uint8)
        for at, image in enumerate(self._augmented(images, number, position)):
            name = partial(called, at) if called else some_image
            shape = self._shape(image.pixels.shape, name)
            first = at * each
            if shape != image.pixels.shape:
                corner = self._corner(image.pixels.shape, shape, draws[:, at])
                corners[first : first + each] = corner
            if at == 0:
                pixels = _room(number * each, image.pixels, shape)
            elif (pixels.shape[1:], pixels.dtype) != (shape, image.pixels.dtype):
                raise self._differ(
                    pixels, image.pixels, shape, (called(0), name()) if called else ()
                )
            for place, (top, left) in enumerate(corners[first : first + each].tolist(), first):
                crop = image.pixels[:, top : top + shape[1], left : left + shape[2]]
                copy(self._ordered(crop), pixels[place], mirrored=flips[place])
            labels.append((image.label, *image.more))
        rows = np.array(labels, np.float32).repeat(each, 0).T
        return Batch(
            torch.from_numpy(pixels),
            torch.from_numpy(np.ascontiguousarray(rows)),
            corners,
            mirrored,
        )

    def finish(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return float32 images ``(N, C, H, W)`` and their labels ``(N,)`` on the device."""
        p = self.param
        images = batch.pixels.to(self.device, non_blocking=True).float()
        if p.min_max:
            least = images.amin((1, 2, 3), keepdim=True)
            extent = images.amax((1, 2, 3), keepdim=True).sub_(least)
            images.sub_(least).div_(extent.clamp_min_(_TINY))
        if self.mean is not None:
            _subtract_image(images, self.mean, batch)
        elif p.image_mean:
            images.sub_(images.mean((2, 3), keepdim=True))
        elif p.mean_value:
            _by_channel(images, p.mean_value, Tensor.sub_)
        if p.scale != 1:
            images.mul_(p.scale)
        if p.std_value:
            _by_channel(images, p.std_value, Tensor.div_)
        return images, *batch.labels.to(self.device, non_blocking=True).unbind()

    @cached_property
    def augmentation(self) -> Augmentation:
        """What is done to an image before the crop."""
        return Augmentation(self.param, self.phase, self.seed, self.source)

    @property
    def views(self) -> int:
        """How many crops are given of each image."""
        return views(self.param, self.phase)

    @property
    def oversamples(self) -> bool:
        """Whether ten crops are given of each image."""
        return self.views > 1

    @property
    def is_plain(self) -> bool:
        """Whether it does to pixels what Caffe does, and so `gather` may be used."""
        rgb = self.param.channel_order is ChannelOrder.RGB
        return not (self.augmentation.acts or self.oversamples or rgb)

    def _augmented(self, images: Iterable[Image], number: int, position: int) -> Iterable[Image]:
        augmentation = self.augmentation
        if not augmentation.acts:
            return images
        draws = augmentation.draws(position, number, self.shard)
        return (
            image._replace(pixels=augmentation.apply(image.pixels, draws[:, at]))
            for at, image in enumerate(images)
        )

    def _shape(self, image: Shape, called: Callable[[], str] = some_image) -> Shape:
        if self.mean is not None and self.mean.shape[1:] != image:
            raise fault(
                Fault.MEAN,
                f"the mean in `{self.param.mean_file}` is {tuple(self.mean.shape[1:])},"
                f" but {called()} of `{self.source}` is {image}",
                help="a mean image has the size of the images before the crop",
                file=self.source,
            )
        return cropped(self.param, image, self.source, called)

    def _draws(self, position: int, number: int) -> NDArray[np.float64]:
        """Return three numbers for each image: for row, column and mirroring."""
        if not self._mirrors and (self.phase is Phase.TEST or not self.param.crop_size):
            return np.zeros((3, number))
        # An image is cropped alike whichever process reads it.
        numbers = self.seed.at(Purpose.TRANSFORM, position).random((3, number * self.shard.size))
        return numbers[:, self.shard.own]

    def _corner(self, image: Shape, crop: Shape, draws: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return row and column of a crop, or of each in a batch, or of ten of one image."""
        room = np.subtract(image[1:], crop[1:])
        if self.oversamples:
            return (TEN[:, :2] * room).astype(np.int64)
        if self.phase is Phase.TEST:
            return room // 2
        return (draws[:2].T * (room + 1)).astype(np.int64)

    def _mirrored(self, draws: NDArray[np.float64]) -> NDArray[np.bool_]:
        return draws[2] < (0.5 if self._mirrors else 0)

    @property
    def _mirrors(self) -> bool:
        # With `mirror`, Caffe does so in TEST, too (data_transformer.cpp, Transform).
        return self.param.mirror or (self.param.train_mirror and self.phase is Phase.TRAIN)

    def _ordered(self, crop: PixelArray) -> PixelArray:
        """Return a crop, its channels in the order they have in the batch."""
        return crop[::-1] if self.param.channel_order is ChannelOrder.RGB else crop

    def _differ(
        self, batch: PixelArray, image: PixelArray, shape: Shape, names: tuple[str, ...]
    ) -> DiagnosticError:
        first, other = str(batch.shape[1:]), str(shape)
        if first == other:
            first, other = str(batch.dtype), str(image.dtype)
        which = f": {' and '.join(names)}" if names else ""
        return fault(
            Fault.SIZES,
            f"a batch of `{self.source}` holds images of {first} and {other}{which}",
            help="bring all to one size: by `crop_size`, by `transform_param { resize_param {"
            " height: ... width: ... } }`, or by `new_height` and `new_width` of ImageData",
            file=self.source,
        )


TEN = np.array([(y, x, m) for m in (0, 1) for y, x in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))])
"""Ten crops, in the order of pycaffe's ``oversample``: shares of the room, and if mirrored."""


def _room(number: int, image: PixelArray, shape: Shape) -> PixelArray:
    """Return room for crops of a shape whose values lie in memory as those of this image."""
    channels, height, width = shape
    if image.strides[0] < image.strides[2]:
        return np.empty((number, height, width, channels), image.dtype).transpose(0, 3, 1, 2)
    return np.empty((number, channels, height, width), image.dtype)


def _subtract_image(images: Tensor, mean: Tensor, batch: Batch) -> None:
    if images.shape[1:] == mean.shape[1:] and not batch.mirrored.any():
        images.sub_(mean[0])
        return
    height, width = images.shape[2:]
    for image, (top, left), mirrored in zip(
        images, batch.corners.tolist(), batch.mirrored.tolist(), strict=True
    ):
        at = mean.shape[3] - width - left if mirrored else left
        image.sub_(mean[int(mirrored), :, top : top + height, at : at + width])


def _by_channel(
    images: Tensor, values: tuple[float, ...], change: Callable[[Tensor, Tensor | float], Tensor]
) -> None:
    """Change images in place by one value, or by one for each channel."""
    rows = images.permute(0, 2, 3, 1)
    if len(values) == 1:
        change(images, values[0])
    elif rows.is_contiguous():
        # A broadcast over three channels side by side is slow: take whole rows of pixels.
        row = images.new_tensor(values).repeat(images.shape[3])
        change(rows.reshape(*rows.shape[:2], -1), row)
    else:
        change(images, images.new_tensor(values).view(-1, 1, 1))
