"""Images and the boxes in them: AnnotatedData."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from protonet.data import boxes as moving
from protonet.data.colours import DRAWS, distorted
from protonet.data.faults import Fault, fault
from protonet.data.resizing import resized_shape
from protonet.data.seeds import Purpose
from protonet.data.sources.annotated import Annotated
from protonet.data.sources.base import Image, Order
from protonet.data.sources.opening import open_annotated
from protonet.data.sources.skipping import Skipping
from protonet.data.streams.base import WORKERS, Context, DataLayer, Finish, Pace
from protonet.data.streams.images import transformer
from protonet.data.transform import Batch
from protonet.diagnostics import Diagnostic
from protonet.layers.annotated_data import AnnotatedData
from protonet.message.augmentation import ChannelOrder, ExpansionParameter, OnBadImage
from protonet.shape import Shape

Boxes = NDArray[np.float32]
Pixels = NDArray[Any]  # bytes or floats


class AnnotatedStream:
    """Images, and their boxes ``(1, 1, M, 8)`` or their labels.

    Raises:
        DiagnosticError: PN501 to PN509.
    """

    def __init__(self, layer: AnnotatedData, data: DataLayer, context: Context) -> None:
        param = layer.data_param
        reader = open_annotated(layer, context.find)
        skips = param.on_bad_image is OnBadImage.SKIP
        self._reader = Skipping(reader) if skips else reader
        self._has_boxes = reader.has_boxes
        self._samplers = layer.annotated_data_param.batch_sampler
        self._param = layer.transform_param
        self._tops = len(data.tops)
        self._seed, self._shard = context.seed, context.shard
        self._order = Order(len(reader), context.seed if param.shuffle else None, context.part)
        self._transformer = transformer(self._param, data.phase, reader.name, context)
        self.pace = Pace(
            step=(param.batch_size or 0) * context.shard.size,
            size=self._order.size,
            ahead=param.prefetch,
            workers=WORKERS,
        )

    def draw(self, position: int, number: int) -> Finish:
        """Read and decode a batch."""
        indices = self._order.indices(position, number)[self._shard.own].tolist()
        seen: list[tuple[Boxes, Shape]] = []
        batch = self._transformer.collect(
            self._images(indices, position, seen),
            len(indices),
            position,
            called=lambda at: f"`{self._reader.label(indices[at])}`",
        )
        if self._transformer.device.type == "cuda":
            batch = batch.pinned()  # gpu
        rows = torch.from_numpy(self._rows(seen, batch)) if self._has_boxes else None
        return lambda: self._finish(batch, rows)

    def name(self, position: int, number: int, row: int) -> str:
        """Return what the image in a row of a batch is called."""
        indices = self._order.indices(position, number)[self._shard.own]
        return f"`{self._reader.label(int(indices[row]))}` of `{self._reader.name}`"

    def told(self) -> tuple[Diagnostic, ...]:
        """Return what there is to say of images that were skipped."""
        return self._reader.told() if isinstance(self._reader, Skipping) else ()

    def _finish(self, batch: Batch, rows: Tensor | None) -> tuple[Tensor, ...]:
        images, labels = self._transformer.finish(batch)
        second = labels if rows is None else rows.to(images.device, non_blocking=True)
        return (images, second)[: self._tops]

    def _images(
        self, indices: Sequence[int], position: int, seen: list[tuple[Boxes, Shape]]
    ) -> Iterator[Image]:
        """Yield the parts of images that the samplers take; note their boxes and shapes."""
        for at, record in enumerate(self._reader.read(indices)):
            # An image is changed alike whichever process reads it.
            place = self._shard.rank + at * self._shard.size
            pixels, boxes = self._changed(record, self._seed.at(Purpose.BOXES, position, place))
            seen.append((boxes, pixels.shape))
            yield Image(pixels, record.label)

    def _changed(self, record: Annotated, random: Generator) -> tuple[Pixels, Boxes]:
        """Return an image that is distorted, expanded and cut, and its boxes."""
        p, (pixels, _, boxes) = self._param, record
        if p.distort_param is not None:
            pixels = self._distorted(pixels, random)
        if p.expand_param is not None:
            pixels, boxes = self._expanded(pixels, boxes, p.expand_param, random)
        if self._samplers:
            part = moving.sample(boxes, self._samplers, random)
            if part is not None:
                boxes = moving.project(boxes, part, p.emit_constraint)
                pixels = _cut(pixels, part)
        return pixels, boxes

    def _distorted(self, pixels: Pixels, random: Generator) -> Pixels:
        assert self._param.distort_param is not None
        if pixels.dtype != np.uint8:
            raise fault(
                Fault.BYTES,
                f"`distort_param` changes bytes, but `{self._reader.name}` holds floats",
                help="remove `distort_param`, or store the images as bytes",
                file=self._reader.name,
            )
        rows = np.ascontiguousarray(pixels.transpose(1, 2, 0))
        numbers = random.random(DRAWS).tolist()
        return distorted(rows, self._param.distort_param, numbers).transpose(2, 0, 1)

    def _expanded(
        self, pixels: Pixels, boxes: Boxes, p: ExpansionParameter, random: Generator
    ) -> tuple[Pixels, Boxes]:
        """Put an image somewhere on a larger one of the mean's colour."""
        chance, growth, *place = random.random(4).tolist()
        if chance > p.prob or abs(p.max_expand_ratio - 1) < 0.01:  # noqa: PLR2004 # the fork's
            return pixels, boxes
        channels, height, width = pixels.shape
        ratio = 1 + growth * (p.max_expand_ratio - 1)
        tall, wide = int(height * ratio), int(width * ratio)
        top, left = int(place[0] * (tall - height)), int(place[1] * (wide - width))
        larger = np.empty((tall, wide, channels), pixels.dtype).transpose(2, 0, 1)
        larger[...] = self._background(channels)
        larger[:, top : top + height, left : left + width] = pixels
        part = np.array([-left, -top, wide - left, tall - top], np.float32)
        part /= np.array([width, height] * 2, np.float32)
        return larger, moving.project(boxes, part, self._param.emit_constraint)

    def _background(self, channels: int) -> NDArray[np.float32]:
        values = np.array(self._param.mean_value or (0.0,), np.float32)
        if len(values) not in (1, channels):  # which the crop refuses
            values = values[:1]
        if self._param.channel_order is ChannelOrder.RGB:
            values = values[::-1]
        return np.broadcast_to(np.rint(values), channels).reshape(-1, 1, 1)

    def _rows(self, seen: Sequence[tuple[Boxes, Shape]], batch: Batch) -> Boxes:
        """Return the boxes of a batch as its crops show them, ``(1, 1, M, 8)``."""
        found: list[Boxes] = []
        crop = batch.pixels.shape[2:]
        views = zip(seen, batch.corners, batch.mirrored, strict=True)
        for at, ((boxes, shape), corner, mirrored) in enumerate(views):
            view = corner, (crop[0], crop[1]), bool(mirrored)
            found.append(np.insert(self._viewed(boxes, shape, *view), 0, at, 1))
        rows = np.concatenate(found)
        if not len(rows):
            rows = np.full((1, 8), -1, np.float32)
        return rows[None, None]

    def _viewed(
        self,
        boxes: Boxes,
        shape: Shape,
        corner: NDArray[np.int64],
        crop: tuple[int, int],
        mirrored: bool,
    ) -> Boxes:
        resize = self._param.resize_param
        _, height, width = resized_shape(self._param, shape)
        if resize is not None:
            boxes = moving.pad(boxes, resize, *shape[1:])
        top, left = corner.tolist()
        part = np.array([left, top, left + crop[1], top + crop[0]], np.float32)
        part /= np.array([width, height] * 2, np.float32)
        boxes = moving.project(boxes, part, self._param.emit_constraint)
        if mirrored:
            boxes = moving.mirror(boxes)
        return boxes if resize is None else moving.extrapolate(boxes, resize, crop)


def _cut(pixels: Pixels, part: Boxes) -> Pixels:
    """Return a part of an image, at least one pixel of it."""
    _, height, width = pixels.shape
    left, top, right, bottom = (part * np.array([width, height] * 2, np.float32)).tolist()
    rows, columns = max(1, int(bottom - top)), max(1, int(right - left))
    top, left = min(int(top), height - rows), min(int(left), width - columns)
    return pixels[:, top : top + rows, left : left + columns]
