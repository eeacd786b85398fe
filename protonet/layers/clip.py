"""Bounds."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Layer, LayerError, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class ClipParameter(Message):
    """Parameters of Clip."""

    min: Annotated[Float, Tag(1)]
    max: Annotated[Float, Tag(2)]


@register
class Clip(Layer):
    """``y = max(min, min(x, max))``; the gradient passes where ``min <= x <= max``.

    Any shape. Caffe: ``clip_layer.cpp``.

    Differs: in place, Caffe's gradient passes everywhere; here it is right.
    """

    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    clip_param: Annotated[ClipParameter | None, Tag(148)] = None

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._bounds()
        return bottoms

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self._bounds()
        return ops.pointwise.Clip(p.min, p.max)

    def _bounds(self) -> ClipParameter:
        if self.clip_param is None:
            raise LayerError("`clip_param` with `min` and `max` is not set", field=("clip_param",))
        return self.clip_param
