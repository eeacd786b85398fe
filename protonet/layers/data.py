"""Images from a database."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._source import SourceLayer, check_batch_size, check_source, check_transform
from protonet.layers.base import Arity, between, register
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.message.common import TransformationParameter


class DataParameter(Message):
    """Parameters of Data; ``scale`` to ``mirror`` have an effect in V1 files only."""

    class DB(IntEnum):
        """Kind of database; a ``builtin:`` source has none."""

        LEVELDB = 0
        LMDB = 1

    source: Annotated[str, Tag(1)] = ""
    batch_size: Annotated[UInt32 | None, Tag(4)] = None
    rand_skip: Annotated[UInt32, Tag(7)] = 0
    backend: Annotated[DB, Tag(8)] = DB.LEVELDB
    scale: Annotated[Float, Tag(2)] = 1.0
    mean_file: Annotated[str, Tag(3)] = ""
    crop_size: Annotated[UInt32, Tag(5)] = 0
    mirror: Annotated[bool, Tag(6)] = False
    force_encoded_color: Annotated[bool, Tag(9)] = False
    prefetch: Annotated[UInt32, Tag(10)] = 4


@register
class Data(SourceLayer):
    """Images ``(N, C, H, W)`` and labels ``(N)`` from a database of Datum records.

    They come in the order of their keys, from the first one again at the end, in the middle of a
    batch. Caffe: ``data_layer.cpp``.
    """

    tops: ClassVar[Arity] = between(1, 2)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    data_param: Annotated[DataParameter, Tag(107)] = DataParameter()

    def check(self) -> None:
        check_source(self.data_param.source, "data_param")
        check_batch_size(self.data_param.batch_size, "data_param")
        check_transform(self.transform_param)
