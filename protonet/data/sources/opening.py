"""From a data layer to the reader of its images."""

from pathlib import Path

from protonet.data.faults import Fault, fault
from protonet.data.paths import Resolve
from protonet.data.sources.base import Reader
from protonet.data.sources.builtin import PREFIX, read_builtin
from protonet.data.sources.database import DatumReader, held
from protonet.data.sources.image_list import ImageList
from protonet.data.sources.images import Colour
from protonet.data.sources.leveldb import LevelDB
from protonet.data.sources.lmdb import LMDB
from protonet.data.sources.transformed import colour
from protonet.layers.data import Data, DataParameter
from protonet.layers.image_data import ImageData


def open_data(layer: Data, find: Resolve) -> Reader:
    """Return the images of a `Data` layer; raw ones are read into memory where they fit.

    Raises:
        DiagnosticError: PN501 to PN504.
    """
    source = layer.data_param.source
    if source.startswith(PREFIX):
        return read_builtin(source)
    return held(open_database(layer, find))


def open_database(layer: Data, find: Resolve) -> DatumReader:
    """Open the database of a `Data` layer.

    Raises:
        DiagnosticError: PN501 to PN503.
    """
    path = existing(layer.data_param.source, find)
    asked = layer.data_param.backend
    holds = _backend(path)
    if holds is not None and holds is not asked:
        raise fault(
            Fault.DATABASE,
            f"`{path}` is not of `backend: {asked.name}`",
            help=f"it is of `backend: {holds.name}`",
            file=path,
        )
    store = LMDB(path) if asked is DataParameter.DB.LMDB else LevelDB(path)
    return DatumReader(store, colour(layer.transform_param))


def open_list(layer: ImageData, find: Resolve) -> ImageList:
    """Open the list of an `ImageData` layer.

    Raises:
        DiagnosticError: PN501 or PN505.
    """
    param = layer.image_data_param
    return ImageList(
        existing(param.source, find),
        root_folder=param.root_folder,
        colour=Colour.BGR if param.is_color else Colour.GRAY,
        size=(param.new_height, param.new_width) if param.new_height else None,
        find=find,
    )


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
