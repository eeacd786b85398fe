"""What is known of the data of a net before they are read: how many there are, and which labels.

Torch-free. What would take long to find out, as the labels of a database, is not looked at.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from protonet.data.paths import Resolve, resolve
from protonet.diagnostics import DiagnosticError
from protonet.layers.base import Layer

if TYPE_CHECKING:
    from protonet.layers.data import Data
    from protonet.layers.hdf5_data import HDF5Data
    from protonet.layers.image_data import ImageData

    Batched: TypeAlias = Data | ImageData | HDF5Data

LONGEST_LIST = 16 * 2**20
"""Bytes of a list of images that is read for its labels."""


def batch_size(layer: Layer) -> int | None:
    """Return how many records a data layer reads at once; None if it reads no data set."""
    match type(layer).__name__:  # casts: importing the classes would import layers that no net uses
        case "Data" | "AnnotatedData":
            return cast("Data", layer).data_param.batch_size
        case "ImageData":
            return cast("ImageData", layer).image_data_param.batch_size
        case "HDF5Data":
            return cast("HDF5Data", layer).hdf5_data_param.batch_size
        case _:
            return None


def record_count(layer: Layer, tops: Sequence[str], base: Path | None = None) -> int | None:
    """Return how many records the source of a data layer has; None if that is not known.

    Args:
        layer: The data layer.
        tops: The names of its tops.
        base: The folder of the prototxt.
    """
    try:
        return _record_count(layer, tops, partial(resolve, base=base))
    except (OSError, DiagnosticError):
        return None


def _record_count(layer: Layer, tops: Sequence[str], find: Resolve) -> int | None:
    match type(layer).__name__:
        case "Data" | "AnnotatedData":
            return _of_data(cast("Data", layer), find)
        case "ImageData":
            return _of_list(find(cast("ImageData", layer).image_data_param.source))
        case "HDF5Data":
            return _of_hdf5(cast("HDF5Data", layer), tops, find)
        case _:
            return None


def largest_label(layer: Layer, base: Path | None = None) -> int | None:
    """Return the largest label of a data layer's source; None if that is not quickly known."""
    match type(layer).__name__:
        case "Data":
            return _label_of_builtin(cast("Data", layer).data_param.source)
        case "ImageData":
            path = resolve(cast("ImageData", layer).image_data_param.source, base)
            return _label_of_list(path, max(1, layer.top_count - 1))
        case _:
            return None


# As in shapes.py: each kind of source imports its own libraries.


def _of_data(layer: "Data", find: Resolve) -> int | None:
    from protonet.data.sources import builtin  # noqa: PLC0415 # as said above

    source = layer.data_param.source
    if source.startswith(builtin.PREFIX):
        return builtin.COUNTS.get(source)
    path = find(source)
    if not (path / "data.mdb").exists():  # a LevelDB does not know how many there are
        return None
    from protonet.data.sources.lmdb import LMDB  # noqa: PLC0415 # as said above

    return len(LMDB(path))


def _of_list(path: Path) -> int:
    if path.is_dir():
        from protonet.data.sources.image_folder import read_folder  # noqa: PLC0415 # as said above

        return len(read_folder(path).entries)
    with path.open("rb") as file:
        text = file.read()
    return text.removesuffix(b"\n").count(b"\n") + 1


def _of_hdf5(layer: "HDF5Data", tops: Sequence[str], find: Resolve) -> int | None:
    from protonet.data.sources.hdf5_files import first_shapes, list_files  # noqa: PLC0415 # as above

    source = find(layer.hdf5_data_param.source)
    only = len(list_files(source, find)) == 1  # of many files, opening each would take its time
    return first_shapes(source, tops, find)[0][0] if only else None


def _label_of_builtin(source: str) -> int | None:
    from protonet.data.sources import builtin  # noqa: PLC0415 # as said above

    return builtin.classes(source) - 1 if source in builtin.NAMES else None


def _label_of_list(path: Path, labels: int) -> int | None:
    from protonet.data.sources.image_list import parse_list  # noqa: PLC0415 # as said above
    from protonet.data.sources.list_text import read_text  # noqa: PLC0415 # as said above

    try:
        if path.stat().st_size > LONGEST_LIST:
            return None
        return int(max(entry.label for entry in parse_list(read_text(path), labels)))
    except (
        OSError,
        ValueError,
        OverflowError,
        DiagnosticError,
    ):  # it is not there, empty, infinite
        return None
