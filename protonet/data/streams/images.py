"""Images and labels: Data and ImageData."""

from functools import partial

import torch
from torch import Tensor

from protonet.data.faults import Fault, fault
from protonet.data.seeds import Purpose, Seed
from protonet.data.sources.base import Order, Pixels, Reader
from protonet.data.sources.opening import open_data, open_list
from protonet.data.streams.base import AHEAD, WORKERS, Context, DataLayer, Finish, Pace
from protonet.data.streams.mean import mean_image
from protonet.data.transform import Batch, Transformer
from protonet.layers.data import Data
from protonet.layers.image_data import ImageData
from protonet.message.common import Phase, TransformationParameter


class ImageStream:
    """Images and their labels.

    Args:
        images: The reader.
        order: Which image is at a position.
        transformer: What is done to each.
        pace: How it runs.
        tops: 2, or 1 without labels.
    """

    def __init__(
        self, images: Reader, order: Order, transformer: Transformer, pace: Pace, tops: int
    ) -> None:
        self._images = images
        self._order = order
        self._transformer = transformer
        self._tops = tops
        self.pace = pace

    def draw(self, position: int) -> Finish:
        """Read and decode a batch."""
        indices = self._order.indices(position, self.pace.step)[self._transformer.shard.own]
        if isinstance(self._images, Pixels):
            batch = self._transformer.gather(self._images, indices, position)
        else:
            images = self._images.read(indices.tolist())
            batch = self._transformer.collect(images, len(indices), position)
        if self._transformer.device.type == "cuda":
            batch = batch.pinned()  # gpu
        return partial(self._finish, batch)

    def _finish(self, batch: Batch) -> tuple[Tensor, ...]:
        return self._transformer.finish(batch)[: self._tops]


def data_stream(layer: Data, data: DataLayer, context: Context) -> ImageStream:
    """Open the database of a Data layer.

    Raises:
        DiagnosticError: PN501 to PN509.
    """
    images = open_data(layer, context.find)
    param = layer.data_param
    pace = Pace(
        step=(param.batch_size or 0) * context.shard.size,
        size=len(images),
        ahead=0 if isinstance(images, Pixels) else param.prefetch,
        workers=WORKERS,
    )
    transformer = _transformer(layer.transform_param, data.phase, images.name, context)
    return ImageStream(images, Order(len(images)), transformer, pace, len(data.tops))


def image_data_stream(layer: ImageData, data: DataLayer, context: Context) -> ImageStream:
    """Open the list of an ImageData layer.

    Raises:
        DiagnosticError: PN501 to PN512.
    """
    images = open_list(layer, context.find)
    param = layer.image_data_param
    pace = Pace(
        step=param.batch_size * context.shard.size,
        size=len(images),
        start=_skip(param.rand_skip, len(images), images.name, context.seed),
        ahead=AHEAD,
        workers=WORKERS,
    )
    order = Order(len(images), context.seed if param.shuffle else None)
    transformer = _transformer(layer.transform_param, data.phase, images.name, context)
    return ImageStream(images, order, transformer, pace, len(data.tops))


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


def _transformer(
    param: TransformationParameter, phase: Phase, source: str, context: Context
) -> Transformer:
    mean = None
    if param.mean_file:
        image = torch.from_numpy(mean_image(param.mean_file, context.find))
        mean = torch.stack([image, image.flip(-1)]).to(context.device)
    return Transformer(param, phase, context.seed, source, context.device, mean, context.shard)
