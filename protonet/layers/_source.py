"""What the data layers share."""

from typing import ClassVar

from protonet.layers.base import Arity, Layer, LayerError, exactly
from protonet.shape import Shape


class SourceLayer(Layer):
    """A layer whose tops come from data, not from bottoms; it is never built."""

    bottoms: ClassVar[Arity] = exactly(0)
    is_source: ClassVar[bool] = True

    def check(self) -> None:
        """Look at the message alone; no file is opened.

        Raises:
            LayerError: It is at fault.
        """

    def shapes(self) -> tuple[Shape, ...]:
        """Return the shapes of the tops, if the message says them.

        Raises:
            LayerError: Only the data knows.
        """
        raise LayerError(f"only the data of `{type(self).__name__}` know the shapes of its tops")

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self.check()
        return self.shapes()


def check_batch_size(batch_size: int | None, message: str) -> None:
    """Refuse a batch of no items.

    Raises:
        LayerError: It has none.
    """
    if not batch_size:
        given = "not set" if batch_size is None else batch_size
        raise LayerError(f"`batch_size` is {given}", field=(message, "batch_size"))


def check_source(source: str | None, message: str) -> None:
    """Refuse a source without a name.

    Raises:
        LayerError: It has none.
    """
    if not source:
        raise LayerError("`source` is not set", field=(message, "source"))
