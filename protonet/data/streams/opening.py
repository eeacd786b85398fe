"""From a data layer to its stream."""

from protonet.data.streams.base import Context, DataLayer, Stream
from protonet.data.streams.dummy import DummyStream
from protonet.data.streams.hdf5 import HDF5Stream
from protonet.data.streams.images import data_stream, image_data_stream
from protonet.data.streams.memory import MemoryStream
from protonet.data.streams.windows import WindowStream
from protonet.layers.data import Data
from protonet.layers.dummy_data import DummyData
from protonet.layers.hdf5_data import HDF5Data
from protonet.layers.image_data import ImageData
from protonet.layers.memory_data import MemoryData
from protonet.layers.window_data import WindowData


def open_stream(data: DataLayer, context: Context) -> Stream:
    """Open the source of a data layer.

    Raises:
        DiagnosticError: PN501 to PN512, the source is at fault.
    """
    match data.layer:
        case Data() as layer:
            return data_stream(layer, data, context)
        case ImageData() as layer:
            return image_data_stream(layer, data, context)
        case HDF5Data() as layer:
            return HDF5Stream(layer, data.tops, context)
        case WindowData() as layer:
            return WindowStream(layer, context)
        case MemoryData() as layer:
            return MemoryStream(layer, data.name, context)
        case DummyData() as layer:
            return DummyStream(layer, context)
        case layer:
            raise TypeError(f"{type(layer).__name__} is no data layer")
