"""Compact bilinear pooling."""

from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import Shape


class CompactBilinearParameter(Message):
    """Parameters of CompactBilinear."""

    num_output: Annotated[UInt32 | None, Tag(1)] = None
    sum_pool: Annotated[bool, Tag(2)] = True


@register
class CompactBilinear(Layer):
    """The outer products of two feature maps in ``num_output`` = D bins, by two count sketches.

    ``(N, C1, H, W)``, ``(N, C2, H, W)`` -> ``(N, D, 1, 1)``, summed over positions, or ``(N, D, H,
    W)`` with ``sum_pool: false``. Gao et al., arXiv:1511.06062. From the compact bilinear fork:
    ``compact_bilinear_layer.cpp``.

    Differs from the paper: the top is D times as large (the fork's inverse FFT is not normalised),
    and the sketches are those that ``rand()`` of glibc gives after ``srand(1)``, so that published
    weights fit. Bins that nothing falls into are exactly 0; the fork's FFT leaves noise there.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    # The fork's own number, 145, is `parameter_param` in Caffe; text knows fields by name.
    compact_bilinear_param: Annotated[CompactBilinearParameter, Tag(50145)] = (
        CompactBilinearParameter()
    )

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p = self.compact_bilinear_param
        if not p.num_output:
            raise LayerError(
                "`num_output` is not set", field=("compact_bilinear_param", "num_output")
            )
        a, b = (four_axes(bottom) for bottom in bottoms)
        if (a[0], *a[2:]) != (b[0], *b[2:]):
            raise LayerError(f"bottoms of shapes {a} and {b} differ elsewhere than in channels")
        return ((a[0], p.num_output, *((1, 1) if p.sum_pool else a[2:])),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.compact_bilinear_param
        a, b = (four_axes(bottom) for bottom in bottoms)
        return ops.bilinear.CompactBilinear(
            channels=(a[1], b[1]), num_output=p.num_output or 0, sum_pool=p.sum_pool
        )
