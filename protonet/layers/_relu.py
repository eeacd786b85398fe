"""The message of ReLU and LeakyReLU."""

from enum import IntEnum
from typing import Annotated

from protonet.message.base import Float, Message, Tag


class ReLUParameter(Message):
    """Parameters of ReLU and LeakyReLU."""

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    negative_slope: Annotated[Float, Tag(1)] = 0.0
    engine: Annotated[Engine, Tag(2)] = Engine.DEFAULT
