"""From a data layer to the reader of its images."""

from pathlib import Path
from typing import TYPE_CHECKING

from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve
from protonet.data.sources.base import Reader
from protonet.data.sources.builtin import PREFIX, read_builtin
from protonet.data.sources.images import Colour
from protonet.data.sources.skipping import HasPixels, Readable, Skipping
from protonet.data.sources.transformed import colour
from protonet.diagnostics import DiagnosticError
from protonet.layers.data import Data, DataParameter
from protonet.message.augmentation import OnBadImage
from protonet.shape import Shape

if TYPE_CHECKING:
    from protonet.data.sources.annotated import AnnotatedReader
    from protonet.data.sources.database import DatumReader, Store
    from protonet.data.sources.image_list import ImageList
    from protonet.layers.annotated_data import AnnotatedData
    from protonet.layers.image_data import ImageData

# As in shapes.py: a net has one or two kinds of sources; only theirs are imported, if they exist.


def open_data(layer: Data, find: Resolve) -> Reader:
    """Return the images of a `Data` layer; raw ones are read into memory where they fit.

    Raises:
        DiagnosticError: PN501 to PN504.
    """
    from protonet.data.sources.database import held  # noqa: PLC0415 # as said above

    source = layer.data_param.source
    if source.startswith(PREFIX):
        return read_builtin(source)
    database = open_database(layer, find)
    if layer.data_param.on_bad_image is OnBadImage.RAISE:
        return held(database)
    try:
        images = held(database)
    except DiagnosticError:
        return Skipping(database)
    return Skipping(database) if images is database else images


def open_database(layer: Data, find: Resolve) -> "DatumReader":
    """Open the database of a `Data` layer.

    Raises:
        DiagnosticError: PN501 to PN503.
    """
    store = _store(layer.data_param, find)
    from protonet.data.sources.database import DatumReader  # noqa: PLC0415 # as said above

    return DatumReader(store, colour(layer.transform_param))


def open_annotated(layer: "AnnotatedData", find: Resolve) -> "AnnotatedReader":
    """Open the database of an `AnnotatedData` layer.

    Raises:
        DiagnosticError: PN501 to PN504.
    """
    store = _store(layer.data_param, find)
    from protonet.data.sources.annotated import AnnotatedReader  # noqa: PLC0415 # as said above

    has_boxes = layer.annotated_data_param.has("anno_type")
    return AnnotatedReader(store, colour(layer.transform_param), has_boxes=has_boxes)


def _store(param: DataParameter, find: Resolve) -> "Store":
    path = existing(param.source, find)
    asked = param.backend
    holds = _backend(path)
    if holds is not None and holds is not asked:
        raise fault(
            Fault.DATABASE,
            f"`{path}` is not of `backend: {asked.name}`",
            help=f"it is of `backend: {holds.name}`",
            file=path,
        )
    if asked is DataParameter.DB.LMDB:
        from protonet.data.sources.lmdb import LMDB  # noqa: PLC0415 # as said above

        return LMDB(path)
    from protonet.data.sources.leveldb import LevelDB  # noqa: PLC0415 # as said above

    return LevelDB(path)


def open_list(layer: "ImageData", find: Resolve, labels: int = 1) -> "ImageList":
    """Open the list or the folder of an `ImageData` layer.

    Args:
        layer: The layer.
        find: Where a file is.
        labels: How many tops it has besides the images.

    Raises:
        DiagnosticError: PN501, PN505, PN512 or PN516.
    """
    from protonet.data.sources.image_folder import read_folder  # noqa: PLC0415 # as said above
    from protonet.data.sources.image_list import ImageList  # noqa: PLC0415 # as said above

    param = layer.image_data_param
    path = existing(param.source, find)
    if path.is_dir() and param.root_folder:
        raise fault(
            Fault.OPTION,
            f"`root_folder` is set, but `{path}` is a folder, not a list",
            help="remove `root_folder`",
            file=path,
        )
    return ImageList(
        path,
        read_folder(path).entries if path.is_dir() else None,
        labels=labels,
        root_folder=param.root_folder,
        colour=Colour.BGR if param.is_color else Colour.GRAY,
        size=(param.new_height, param.new_width) if param.new_height else None,
        find=find,
    )


def open_checked_list(layer: "ImageData", find: Resolve, labels: int) -> Reader:
    """Open the list of an `ImageData` layer, and see which of its files are there.

    Raises:
        DiagnosticError: As `open_list`; PN515, some are not, which `on_bad_image: SKIP` suffers.
    """
    images = open_list(layer, find, labels)
    if layer.image_data_param.on_bad_image is OnBadImage.SKIP:
        return Skipping(images, images.missing())
    images.check()
    return images


def first_shape(reader: Readable[HasPixels], on_bad_image: OnBadImage) -> Shape:
    """Return the shape of the first image, or of the first that can be read."""
    skips = on_bad_image is OnBadImage.SKIP
    return Skipping(reader).shape() if skips else reader.shape()


def existing(source: str, find: Resolve) -> Path:
    """Return where a source is.

    Raises:
        DiagnosticError: PN501, it is nowhere.
    """
    path = find(source)
    if not path.exists():
        raise fault(
            Fault.NO_SOURCE,
            f"the source `{source}` does not exist",
            help="paths count from the working directory, or from the folder of the prototxt",
        )
    return path


def _backend(path: Path) -> DataParameter.DB | None:
    """Return what a folder looks like."""
    if (path / "data.mdb").exists():
        return DataParameter.DB.LMDB
    return DataParameter.DB.LEVELDB if (path / "CURRENT").exists() else None
