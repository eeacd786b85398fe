"""From a data layer to its stream."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from protonet.data.samples import GivenData
from protonet.data.streams.annotated import AnnotatedStream
from protonet.data.streams.base import Context, DataLayer, Stream
from protonet.data.streams.dummy import DummyStream
from protonet.data.streams.given import GivenStream
from protonet.data.streams.hdf5 import HDF5Stream
from protonet.data.streams.images import data_stream, image_data_stream
from protonet.data.streams.memory import MemoryStream
from protonet.data.streams.windows import WindowStream
from protonet.layers.annotated_data import AnnotatedData
from protonet.layers.data import Data
from protonet.layers.dummy_data import DummyData
from protonet.layers.hdf5_data import HDF5Data
from protonet.layers.image_data import ImageData
from protonet.layers.memory_data import MemoryData
from protonet.layers.window_data import WindowData


def open_stream(data: DataLayer, context: Context) -> Stream:
    """Open the source of a data layer.

    Raises:
        DiagnosticError: PN501 to PN519, the source is at fault.
    """
    for kind, opened in _STREAMS.items():
        if isinstance(data.layer, kind):
            return opened(data.layer, data, context)
    raise TypeError(f"{type(data.layer).__name__} is no data layer")


_STREAMS: Mapping[type[Any], Callable[[Any, DataLayer, Context], Stream]] = MappingProxyType(
    {
        GivenData: lambda given, data, context: GivenStream(given, data.phase, context),
        Data: data_stream,
        ImageData: image_data_stream,
        AnnotatedData: AnnotatedStream,
        HDF5Data: lambda layer, data, context: HDF5Stream(layer, data.tops, context),
        WindowData: lambda layer, _, context: WindowStream(layer, context),
        MemoryData: lambda layer, data, context: MemoryStream(layer, data.name, context),
        DummyData: lambda layer, _, context: DummyStream(layer, context),
    }
)
