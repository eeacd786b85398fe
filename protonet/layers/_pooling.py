"""Pooling's message, and what Pooling and SPP check alike."""

from enum import IntEnum
from typing import Annotated

from protonet.layers.base import LayerError
from protonet.message.base import Message, Tag, UInt32
from protonet.shape import PoolWindow, Shape


class PoolingParameter(Message):
    """Parameters of Pooling."""

    class PoolMethod(IntEnum):
        """What becomes of a window's values: their maximum, mean, or one drawn by size."""

        MAX = 0
        AVE = 1
        STOCHASTIC = 2

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    class RoundMode(IntEnum):
        """Whether a last window that does not fit counts."""

        CEIL = 0
        FLOOR = 1

    pool: Annotated[PoolMethod, Tag(1)] = PoolMethod.MAX
    pad: Annotated[UInt32, Tag(4)] = 0
    pad_h: Annotated[UInt32, Tag(9)] = 0
    pad_w: Annotated[UInt32, Tag(10)] = 0
    kernel_size: Annotated[UInt32 | None, Tag(2)] = None
    kernel_h: Annotated[UInt32 | None, Tag(5)] = None
    kernel_w: Annotated[UInt32 | None, Tag(6)] = None
    stride: Annotated[UInt32, Tag(3)] = 1
    stride_h: Annotated[UInt32 | None, Tag(7)] = None
    stride_w: Annotated[UInt32 | None, Tag(8)] = None
    engine: Annotated[Engine, Tag(11)] = Engine.DEFAULT
    global_pooling: Annotated[bool, Tag(12)] = False
    round_mode: Annotated[RoundMode, Tag(13)] = RoundMode.CEIL

    def window(self, bottom: Shape) -> PoolWindow:
        """Return how the window moves over a bottom ``(N, C, H, W)``.

        Raises:
            LayerError: A number is missing, or given twice.
        """
        pad, pad_h, pad_w, stride = (
            value if self.has(name) else None
            for name, value in (
                ("pad", self.pad),
                ("pad_h", self.pad_h),
                ("pad_w", self.pad_w),
                ("stride", self.stride),
            )
        )
        window = PoolWindow(
            kernel=bottom[2:] if self.global_pooling else self._kernel(),
            stride=pair("stride", stride, self.stride_h, self.stride_w, default=1),
            pad=pair("pad", pad, pad_h, pad_w, default=0),
            ceil=self.round_mode is PoolingParameter.RoundMode.CEIL,
        )
        if self.global_pooling:
            self._check_global(window)
        return window

    def _kernel(self) -> Shape:
        sides = (
            None
            if self.kernel_h is None or self.kernel_w is None
            else (self.kernel_h, self.kernel_w)
        )
        if (self.kernel_size is None) == (sides is None):
            raise LayerError(
                "the kernel is not set" if sides is None else "the kernel is set twice",
                help="set `kernel_size`, or both of `kernel_h` and `kernel_w`",
                field=("pooling_param", "kernel_size"),
            )
        return sides or (self.kernel_size or 0,) * 2

    def _check_global(self, window: PoolWindow) -> None:
        kernel = (self.kernel_size, self.kernel_h, self.kernel_w)
        if kernel != (None, None, None) or window.stride != (1, 1) or window.pad != (0, 0):
            raise LayerError(
                "`global_pooling` takes no kernel, stride or pad: its window is the whole image",
                field=("pooling_param", "global_pooling"),
            )


def pair(name: str, both: int | None, h: int | None, w: int | None, *, default: int) -> Shape:
    """Return height and width of ``name`` from one field or from two; None is one not set.

    Raises:
        LayerError: One and two are set, or only one of two.
    """
    if h is None and w is None:
        return (default, default) if both is None else (both, both)
    if both is not None or h is None or w is None:
        raise LayerError(
            f"`{name}_h` and `{name}_w` go together and without `{name}`",
            field=("pooling_param", f"{name}_w" if h is None else f"{name}_h"),
        )
    return (h, w)


def check_axes(bottom: Shape) -> None:
    """Check that a bottom is ``(N, C, H, W)``.

    Raises:
        LayerError: It is not.
    """
    if len(bottom) != 4:  # noqa: PLR2004 # N, C, H, W
        raise LayerError(f"pooling needs a bottom of 4 axes, it is {bottom}")


def checked_extents(
    bottom: Shape, window: PoolWindow, *, stochastic: bool, field: tuple[str, ...]
) -> Shape:
    """Return the height and the width of the top.

    Raises:
        LayerError: There would be no window, or an empty one, or a part of it is 0, or too much
        padding.
    """
    if 0 in (*window.kernel, *window.stride):
        raise LayerError(
            f"kernel {window.kernel} and stride {window.stride} must be at least 1", field=field
        )
    if any(window.pad) and stochastic:
        raise LayerError(f"STOCHASTIC pooling takes no pad, it is {window.pad}", field=field)
    if any(window.pad) and any(p >= k for p, k in zip(window.pad, window.kernel, strict=True)):
        raise LayerError(
            f"pad {window.pad} must be smaller than the kernel {window.kernel}", field=field
        )
    extents = window.extents(bottom[2:])
    if min(extents) < 1:
        raise LayerError(
            f"a kernel of {window.kernel} leaves nothing of a bottom of shape {bottom}", field=field
        )
    if window.has_empty(bottom[2:]):
        # Caffe gives -FLT_MAX or 0 / 0 there, and its backward writes outside the bottom.
        raise LayerError(
            f"the last pooling window lies outside the bottom of shape {bottom}",
            help="use `round_mode: FLOOR`, or a stride no larger than the kernel",
            field=field,
        )
    return extents
