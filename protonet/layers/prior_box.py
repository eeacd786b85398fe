"""The boxes that a detection net refines."""

from math import sqrt
from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._detection import PriorBoxParameter
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Tag, float32
from protonet.shape import Shape

_SAME = 1e-6
"""Aspect ratios that are closer are one."""


@register
class PriorBox(Layer):
    """Boxes of fixed sizes around the centre of each cell of a feature map.

    Features ``(N, C, H, W)`` and images -> ``(1, 2, 4 H W P)``: corners as shares of the image, and
    their variances. A cell has, for each ``min_size``, a square of it, one of ``sqrt(min max)``
    pixels, and ``min sqrt(r)`` x ``min / sqrt(r)`` for each ``aspect_ratio`` r other than 1 (and
    ``1 / r`` with ``flip``). Centres are ``(x + offset) step``; ``step`` is the image's extent over
    the map's unless set. No gradient. Liu et al., arXiv:1512.02325. From the SSD fork:
    ``prior_box_layer.cpp``.

    Sizes are cut to whole pixels, as in the fork: ``min_size: 10.5`` is 10.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((0, 1))

    prior_box_param: Annotated[PriorBoxParameter, Tag(203)] = PriorBoxParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        (_, _, height, width), _ = (four_axes(bottom) for bottom in bottoms)
        p = self.prior_box_param
        self._check_sizes()
        if len(p.variance) not in (0, 1, 4):
            raise self._error("variance", f"{len(p.variance)} variances are neither 1 nor 4")
        self._check_positive("variance", *p.variance)
        self._extent("img", p.img_size, p.img_h, p.img_w)
        self._extent("step", p.step, p.step_h, p.step_w)
        if not height * width:
            raise LayerError(f"a bottom of shape {bottoms[0]} has no cells")
        return ((1, 2, height * width * len(self._sizes()) * 4),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.prior_box_param
        image = self._extent("img", p.img_size, p.img_h, p.img_w)
        return ops.prior_box.PriorBox(
            self._sizes(),
            image=(int(image[0]), int(image[1])) if image else None,
            step=self._extent("step", p.step, p.step_h, p.step_w),
            offset=p.offset,
            clip=p.clip,
            variance=p.variance or (0.1,),
        )

    def _sizes(self) -> list[tuple[float, float]]:
        """Return width and height of the boxes of a cell, in pixels and in Caffe's order."""
        p, sizes = self.prior_box_param, list[tuple[float, float]]()
        roots = [sqrt(ratio) for ratio in self._ratios() if abs(ratio - 1) >= _SAME]
        for at, least in enumerate(map(int, p.min_size)):
            sizes.append((least, least))
            if p.max_size:
                middle = float32(sqrt(least * int(p.max_size[at])))
                sizes.append((middle, middle))
            sizes += [(float32(least * root), float32(least / root)) for root in roots]
        return sizes

    def _ratios(self) -> list[float]:
        p, ratios = self.prior_box_param, [1.0]
        for ratio in p.aspect_ratio:
            if all(abs(ratio - known) >= _SAME for known in ratios):
                ratios += [ratio, float32(1 / ratio)] if p.flip else [ratio]
        return ratios

    def _check_sizes(self) -> None:
        p = self.prior_box_param
        if not p.min_size:
            raise self._error("min_size", "`min_size` is not set")
        self._check_positive("min_size", *p.min_size)
        self._check_positive("aspect_ratio", *p.aspect_ratio)
        if p.max_size and len(p.max_size) != len(p.min_size):
            raise self._error(
                "max_size", f"{len(p.max_size)} of `max_size` for {len(p.min_size)} of `min_size`"
            )
        for least, most in zip(p.min_size, p.max_size, strict=False):
            if most <= least:
                raise self._error("max_size", f"`max_size` {most:g} is not above {least:g}")

    def _extent(
        self, name: str, both: float | None, height: float | None, width: float | None
    ) -> tuple[float, float] | None:
        """Return height and width of a field that is given once or for each axis."""
        whole = "img_size" if name == "img" else name
        if height is None and width is None:
            self._check_positive(whole, *(() if both is None else (both,)))
            return None if both is None else (both, both)
        if both is not None:
            raise self._error(whole, f"`{whole}` stands beside `{name}_h` or `{name}_w`")
        self._check_positive(f"{name}_h", height or 0)
        self._check_positive(f"{name}_w", width or 0)
        return height or 0, width or 0

    def _check_positive(self, field: str, *values: float) -> None:
        for value in values:
            if not value > 0:
                raise self._error(field, f"`{field}` is {value:g}, not above 0")

    @staticmethod
    def _error(field: str, message: str) -> LayerError:
        return LayerError(message, field=("prior_box_param", field))
