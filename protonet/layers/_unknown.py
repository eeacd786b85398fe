"""What stands in a graph for layers of types that protonet does not have."""

from typing import ClassVar

from protonet.layers._source import SourceLayer
from protonet.layers.base import Arity, Layer, between


class Unknown(Layer):
    """A layer of which only its bottoms and tops are known."""

    bottoms: ClassVar[Arity] = between(1, None)
    tops: ClassVar[Arity] = between(0, None)


class UnknownSource(SourceLayer):
    """A layer without bottoms, of which only its tops are known."""

    tops: ClassVar[Arity] = between(0, None)
