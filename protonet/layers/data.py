"""Images from a database."""

from typing import Annotated, ClassVar

from protonet.layers._data_parameter import DataParameter
from protonet.layers._source import SourceLayer, check_batch_size, check_source
from protonet.layers._transform import check_transform
from protonet.layers.base import Arity, between, register
from protonet.message.base import Tag
from protonet.message.common import TransformationParameter


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
