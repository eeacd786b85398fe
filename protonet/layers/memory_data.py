"""Arrays that the program gives."""

from typing import Annotated, ClassVar

from protonet.layers._source import SourceLayer
from protonet.layers._transform import check_plain
from protonet.layers.base import Arity, LayerError, exactly, register
from protonet.message.base import Message, Tag, UInt32
from protonet.message.common import TransformationParameter
from protonet.shape import Shape


class MemoryDataParameter(Message):
    """Parameters of MemoryData."""

    batch_size: Annotated[UInt32 | None, Tag(1)] = None
    channels: Annotated[UInt32 | None, Tag(2)] = None
    height: Annotated[UInt32 | None, Tag(3)] = None
    width: Annotated[UInt32 | None, Tag(4)] = None
    shuffle: Annotated[bool, Tag(50001)] = False
    """Read the images in another order in each epoch."""


@register
class MemoryData(SourceLayer):
    """Batches ``(N, C, H, W)`` and labels ``(N)`` of arrays in memory.

    Caffe: ``memory_data_layer.cpp``.
    """

    tops: ClassVar[Arity] = exactly(2)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    memory_data_param: Annotated[MemoryDataParameter, Tag(119)] = MemoryDataParameter()

    def check(self) -> None:
        p = self.memory_data_param
        check_plain(self.transform_param, "MemoryData")
        for name, given in (
            ("batch_size", p.batch_size),
            ("channels", p.channels),
            ("height", p.height),
            ("width", p.width),
        ):
            if not given:
                raise LayerError(
                    f"`{name}` is {'not set' if given is None else given}",
                    field=("memory_data_param", name),
                )

    def shapes(self) -> tuple[Shape, ...]:
        p = self.memory_data_param
        batch = p.batch_size or 0
        return ((batch, p.channels or 0, p.height or 0, p.width or 0), (batch,))
