"""Made-up data."""

from itertools import repeat
from typing import Annotated, ClassVar

from protonet.layers._checks import blob_shape
from protonet.layers._source import SourceLayer
from protonet.layers.base import Arity, LayerError, between, register
from protonet.message.base import Message, Tag, UInt32
from protonet.message.common import BlobShape, FillerParameter
from protonet.shape import Shape


class DummyDataParameter(Message):
    """Parameters of DummyData; ``num`` to ``width`` are the older form of ``shape``."""

    data_filler: Annotated[tuple[FillerParameter, ...], Tag(1)] = ()
    shape: Annotated[tuple[BlobShape, ...], Tag(6)] = ()
    num: Annotated[tuple[UInt32, ...], Tag(2)] = ()
    channels: Annotated[tuple[UInt32, ...], Tag(3)] = ()
    height: Annotated[tuple[UInt32, ...], Tag(4)] = ()
    width: Annotated[tuple[UInt32, ...], Tag(5)] = ()


@register
class DummyData(SourceLayer):
    """Its tops are drawn by fillers, one for all tops or one each; 0 without any.

    A constant top is filled once, others anew for each batch. Caffe: ``dummy_data_layer.cpp``.
    """

    tops: ClassVar[Arity] = between(1, None)

    dummy_data_param: Annotated[DummyDataParameter, Tag(109)] = DummyDataParameter()

    def check(self) -> None:
        p = self.dummy_data_param
        self._check_number("data_filler", len(p.data_filler), least=0)
        if not self._legacy:
            self._check_number("shape", len(p.shape))
            return
        if p.shape:
            raise LayerError(
                "`shape` and `num`, `channels`, `height`, `width` are both set",
                help="keep `shape`",
                field=("dummy_data_param", "shape"),
            )
        for name, given in zip(("num", "channels", "height", "width"), self._dims, strict=True):
            self._check_number(name, len(given))

    def shapes(self) -> tuple[Shape, ...]:
        if self._legacy:
            axes = [repeat(dim[0], self.top_count) if len(dim) == 1 else dim for dim in self._dims]
            given = [
                blob_shape(BlobShape(dim=dims), "dummy_data_param", "num")
                for dims in zip(*axes, strict=True)
            ]
        else:
            given = [
                blob_shape(shape, "dummy_data_param", "shape", at)
                for at, shape in enumerate(self.dummy_data_param.shape)
            ]
        return tuple(given * self.top_count if len(given) == 1 else given)

    @property
    def _dims(self) -> tuple[tuple[int, ...], ...]:
        p = self.dummy_data_param
        return p.num, p.channels, p.height, p.width

    @property
    def _legacy(self) -> bool:
        return any(self._dims)

    def _check_number(self, name: str, given: int, least: int = 1) -> None:
        if given not in (least, 1, self.top_count):
            raise LayerError(
                f"there are {given} `{name}` for {self.top_count} tops",
                help=f"give one `{name}` for all tops, or one for each",
                field=("dummy_data_param", name),
            )
