"""Images and labels: Data and ImageData."""

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.data.faults import Fault, fault
from protonet.data.identity import of_arrays
from protonet.data.repeats import (
    VARIED,
    Identified,
    Repeats,
    UnrepeatableError,
    Variants,
    changing,
)
from protonet.data.seeds import Purpose, Seed
from protonet.data.sources.base import Order, Pixels, Reader
from protonet.data.sources.opening import open_checked_list, open_data
from protonet.data.sources.skipping import Skipping
from protonet.data.streams.base import AHEAD, WORKERS, Context, DataLayer, Finish, Pace
from protonet.data.streams.mean import mean_image
from protonet.data.transform import Batch, Transformer
from protonet.diagnostics import Diagnostic
from protonet.layers.data import Data
from protonet.layers.image_data import ImageData
from protonet.message.augmentation import ChannelOrder
from protonet.message.common import Phase, TransformationParameter


class ImageStream:
    """Images and their labels.

    Args:
        images: The reader.
        order: Which image is at a position.
        transformer: What is done to each.
        pace: How it runs.
        tops: 2, or 1 without labels.
        variants: Which crops and mirrorings each image has; any if None.
    """

    def __init__(
        self,
        images: Reader,
        order: Order,
        transformer: Transformer,
        pace: Pace,
        tops: int,
        *,
        variants: Variants | None = None,
    ) -> None:
        self._images = images
        self._order = order
        self._transformer = transformer
        self._tops = tops
        self._variants = variants
        self.pace = pace

    def draw(self, position: int, number: int) -> Finish:
        """Read and decode a batch."""
        samples = self._samples(position, number)
        indices = samples % self._order.total
        draws = self._variants.draws(samples) if self._variants else None
        if isinstance(self._images, Pixels) and self._transformer.is_plain:
            batch = self._transformer.gather(self._images, indices, position, draws)
        else:
            images = self._images.read(indices.tolist())
            batch = self._transformer.collect(
                images, len(indices), position, draws, partial(self._called, indices)
            )
        if self._transformer.device.type == "cuda":
            batch = batch.pinned()  # gpu
        return partial(self._finish, batch)

    def name(self, position: int, number: int, row: int) -> str:
        """Return what the image in a row of a batch is called."""
        indices = self._samples(position, number) % self._order.total
        image = self._called(indices, row // self._transformer.views)
        return f"{image} of `{self._images.name}`"

    def told(self) -> tuple[Diagnostic, ...]:
        """Return what there is to say of images that were skipped."""
        return self._images.told() if isinstance(self._images, Skipping) else ()

    def repeats(self) -> Repeats:
        """Return the images, or the variants of each.

        Raises:
            UnrepeatableError: Crops or other changes are drawn anew each time.
        """
        images, does, variants = self._images, self._transformer, self._variants
        if not isinstance(images, Identified):
            raise UnrepeatableError(f"nothing tells `{images.name}` from other data")
        fields = changing(does.param, does.phase, images) - (VARIED if variants else frozenset())
        if fields:
            names = ", ".join(f"`{field}`" for field in sorted(fields))
            raise UnrepeatableError(f"{names} may make another image of one each time")

        def identity() -> object:
            mean = "" if does.mean is None else of_arrays(does.mean.cpu().numpy())
            return (images.identity(), repr(does.param), mean, str(variants))

        number = variants.number if variants else 0
        return Repeats(max(number, 1) * self._order.total, self._samples, identity, images, number)

    def _called(self, indices: NDArray[np.int64], row: int) -> str:
        return f"`{self._images.label(int(indices[row]))}`"

    def _samples(self, position: int, number: int) -> NDArray[np.int64]:
        """Return the samples of a batch: image numbers, and beyond those their other variants."""
        images = self._order.indices(position, number)
        if self._variants:
            epochs = np.arange(position, position + number) // self._order.size
            images = self._variants.samples(images, epochs)
        return images[self._transformer.shard.own]

    def _finish(self, batch: Batch) -> tuple[Tensor, ...]:
        return self._transformer.finish(batch)[: self._tops]


def data_stream(layer: Data, data: DataLayer, context: Context) -> ImageStream:
    """Open the database of a Data layer.

    Raises:
        DiagnosticError: PN501 to PN509.
    """
    images = open_data(layer, context.find)
    param = layer.data_param
    made = transformer(layer.transform_param, data.phase, images.name, context)
    is_quick = isinstance(images, Pixels) and made.is_plain
    order = Order(len(images), context.seed if param.shuffle else None, context.part)
    pace = Pace(
        step=(param.batch_size or 0) * context.shard.size,
        size=order.size,
        ahead=0 if is_quick else param.prefetch,
        workers=WORKERS,
    )
    return ImageStream(
        images, order, made, pace, len(data.tops), variants=_variants(context, order, made, images)
    )


def image_data_stream(layer: ImageData, data: DataLayer, context: Context) -> ImageStream:
    """Open the list of an ImageData layer.

    Raises:
        DiagnosticError: PN501 to PN512.
    """
    images = open_checked_list(layer, context.find, len(data.tops) - 1)
    param = layer.image_data_param
    order = Order(len(images), context.seed if param.shuffle else None, context.part)
    pace = Pace(
        step=param.batch_size * context.shard.size,
        size=order.size,
        start=_skip(param.rand_skip, order.size, images.name, context.seed),
        ahead=AHEAD,
        workers=WORKERS,
    )
    made = transformer(layer.transform_param, data.phase, images.name, context)
    return ImageStream(
        images, order, made, pace, len(data.tops), variants=_variants(context, order, made, images)
    )


def _variants(context: Context, order: Order, does: Transformer, images: Reader) -> Variants | None:
    """Return the fixed crops and mirrorings of images that would have others each time."""
    if not context.variants or not isinstance(images, Identified):
        return None
    changes = VARIED & changing(does.param, does.phase, images)
    return Variants(context.variants, order.total, context.seed) if changes else None


def _skip(rand_skip: int, size: int, source: str, seed: Seed) -> int:
    """Return how many images are skipped at the start, below ``rand_skip``.

    Raises:
        DiagnosticError: PN512, there are not so many.
    """
    skip = int(seed.at(Purpose.SKIP, 0).integers(rand_skip)) if rand_skip else 0
    if skip >= size:
        raise fault(
            Fault.OPTION,
            f"`rand_skip: {rand_skip}` skips {skip} images, but `{source}` has {size}",
            help="use a `rand_skip` no larger than the number of images",
            file=source,
        )
    return skip


def transformer(
    param: TransformationParameter, phase: Phase, source: str, context: Context
) -> Transformer:
    """Return what does to images what a layer's ``transform_param`` says.

    Raises:
        DiagnosticError: PN509, its mean cannot be used.
    """
    mean = None
    if param.mean_file:
        image = torch.from_numpy(mean_image(param.mean_file, context.find))
        if param.channel_order is ChannelOrder.RGB:
            image = image.flip(0)  # its file has blue first, as all of Caffe's have
        mean = torch.stack([image, image.flip(-1)]).to(context.device)
    return Transformer(param, phase, context.seed, source, context.device, mean, context.shard)
