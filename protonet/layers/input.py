"""Blobs that the caller gives."""

from typing import Annotated, ClassVar

from protonet.layers._checks import blob_shape
from protonet.layers._source import SourceLayer
from protonet.layers.base import Arity, LayerError, between, register
from protonet.message.base import Message, Tag
from protonet.message.common import BlobShape
from protonet.shape import Shape


class InputParameter(Message):
    """Parameters of Input."""

    shape: Annotated[tuple[BlobShape, ...], Tag(1)] = ()
    shuffle: Annotated[bool, Tag(50001)] = False
    """Where a data set is given for it: read that in another order in each epoch."""


@register
class Input(SourceLayer):
    """Its tops are what the caller gives; one ``shape`` for all, or one for each.

    Caffe: ``input_layer.cpp``.
    """

    tops: ClassVar[Arity] = between(1, None)

    input_param: Annotated[InputParameter, Tag(143)] = InputParameter()

    def check(self) -> None:
        given = len(self.input_param.shape)
        if given not in (0, 1, self.top_count):
            raise LayerError(
                f"there are {given} `shape` for {self.top_count} tops",
                help="give one `shape` for all tops, or one for each",
                field=("input_param", "shape"),
            )

    def shapes(self) -> tuple[Shape, ...]:
        given = [
            blob_shape(shape, "input_param", "shape", at)
            for at, shape in enumerate(self.input_param.shape)
        ]
        if not given:
            raise LayerError("no `shape` is set", help="write `input_param { shape { dim: ... } }`")
        return tuple(given * self.top_count if len(given) == 1 else given)
