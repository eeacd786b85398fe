"""Shapes of the tops of data layers, without torch."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from protonet.data.paths import Resolve, resolve
from protonet.layers.base import Layer, Weight
from protonet.message.augmentation import OnBadImage
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.spec.filler import check_filler

if TYPE_CHECKING:
    from protonet.layers.annotated_data import AnnotatedData
    from protonet.layers.data import Data
    from protonet.layers.dummy_data import DummyData
    from protonet.layers.hdf5_data import HDF5Data
    from protonet.layers.image_data import ImageData
    from protonet.layers.window_data import WindowData

Tops: TypeAlias = tuple[Shape, ...]
ReadShapes: TypeAlias = Callable[[Layer, Sequence[str], Path | None, Phase], Tops]
"""What gives the shapes of the tops of a data layer, as `source_shapes`."""


def source_shapes(
    layer: Layer, tops: Sequence[str], base: Path | None = None, phase: Phase = Phase.TRAIN
) -> Tops:
    """Return the shapes of the tops of a data layer, for which the first record is looked at.

    Args:
        layer: The data layer.
        tops: The names of its tops; HDF5Data takes the datasets of these names.
        base: The folder of the prototxt, where files are that the working directory lacks.
        phase: In which the layer runs: `oversample` makes a batch larger in TEST.

    Raises:
        DiagnosticError: PN501 to PN519, the source is at fault.
        LayerError: The layer is.
    """
    read = _READERS.get(type(layer).__name__)
    return read(layer, tops, partial(resolve, base=base), phase) if read else layer.infer()


def image_tops(batch: int | None, image: Shape, tops: Sequence[str]) -> Tops:
    """Return the shapes of a batch of images and, if asked for, its labels."""
    return ((batch or 0, *image), *[(batch or 0,)] * (len(tops) - 1))


# A net has one or two kinds of sources. Each has a library and files of its own, which are imported
# only for it: checking a file must not wait for the others.


def _data(layer: "Data", tops: Sequence[str], find: Resolve, phase: Phase) -> Tops:
    from protonet.data.sources import builtin, transformed  # noqa: PLC0415 # as said above

    layer.check()
    source = layer.data_param.source
    if source.startswith(builtin.PREFIX):
        builtin.check_name(source)
        name, shape = source, builtin.SHAPE
    else:
        from protonet.data.sources.opening import first_shape, open_database  # noqa: PLC0415 # as said above

        images = open_database(layer, find)
        name, shape = images.name, first_shape(images, layer.data_param.on_bad_image)
    image = transformed.transformed(layer.transform_param, shape, name, phase)
    views = transformed.views(layer.transform_param, phase)
    return image_tops((layer.data_param.batch_size or 0) * views, image, tops)


def _image_data(layer: "ImageData", tops: Sequence[str], find: Resolve, phase: Phase) -> Tops:
    from protonet.data.sources.opening import first_shape, open_list  # noqa: PLC0415 # as said above
    from protonet.data.sources.transformed import transformed, views  # noqa: PLC0415 # as said above

    layer.check()
    param, transform = layer.image_data_param, layer.transform_param
    images = open_list(layer, find, len(tops) - 1)
    image = transformed(transform, first_shape(images, param.on_bad_image), images.name, phase)
    return image_tops(param.batch_size * views(transform, phase), image, tops)


def _annotated_data(
    layer: "AnnotatedData", tops: Sequence[str], find: Resolve, phase: Phase
) -> Tops:
    from protonet.data.sources.opening import first_shape, open_annotated  # noqa: PLC0415 # as said above
    from protonet.data.sources.transformed import transformed  # noqa: PLC0415 # as said above

    layer.check()
    param = layer.data_param
    images = open_annotated(layer, find)
    shape = first_shape(images, param.on_bad_image)
    image = transformed(layer.transform_param, shape, images.name, phase)
    found = image_tops(param.batch_size, image, tops)
    return (found[0], (1, 1, images.first_boxes, 8))[: len(tops)] if images.has_boxes else found


def _hdf5_data(layer: "HDF5Data", tops: Sequence[str], find: Resolve, phase: Phase) -> Tops:
    from protonet.data.sources.hdf5_files import first_shapes  # noqa: PLC0415 # as said above
    from protonet.data.sources.opening import existing  # noqa: PLC0415 # as said above

    layer.check()
    param = layer.hdf5_data_param
    skips = param.on_bad_image is OnBadImage.SKIP
    shapes = first_shapes(existing(param.source, find), tops, find, skips=skips)
    return tuple((param.batch_size or 0, *shape[1:]) for shape in shapes)


def _window_data(layer: "WindowData", tops: Sequence[str], find: Resolve, phase: Phase) -> Tops:
    from protonet.data.sources.window import CHANNELS  # noqa: PLC0415 # as said above

    layer.check()
    size = layer.transform_param.crop_size
    return image_tops(layer.window_data_param.batch_size, (CHANNELS, size, size), tops)


def _dummy_data(layer: "DummyData", tops: Sequence[str], find: Resolve, phase: Phase) -> Tops:
    shapes = layer.infer()
    fillers = layer.dummy_data_param.data_filler
    for at, shape in enumerate(shapes if fillers else ()):
        which = at if fillers[1:] else 0
        check_filler(Weight(shape, fillers[which]), "dummy_data_param", "data_filler", which)
    return shapes


_READERS: Mapping[str, Callable[..., Tops]] = MappingProxyType(
    {
        "AnnotatedData": _annotated_data,
        "Data": _data,
        "DummyData": _dummy_data,
        "HDF5Data": _hdf5_data,
        "ImageData": _image_data,
        "WindowData": _window_data,
    }
)
