"""What Convolution, Deconvolution and Im2col read alike."""

from enum import IntEnum
from typing import Annotated

from protonet.layers.base import LayerError, axis_of
from protonet.message.base import Int32, Message, Tag, UInt32
from protonet.message.common import FillerParameter
from protonet.shape import ConvWindow, Shape


class ConvolutionParameter(Message):
    """Parameters of Convolution, Deconvolution and Im2col."""

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    num_output: Annotated[UInt32 | None, Tag(1)] = None
    bias_term: Annotated[bool, Tag(2)] = True
    pad: Annotated[tuple[UInt32, ...], Tag(3)] = ()
    kernel_size: Annotated[tuple[UInt32, ...], Tag(4)] = ()
    stride: Annotated[tuple[UInt32, ...], Tag(6)] = ()
    dilation: Annotated[tuple[UInt32, ...], Tag(18)] = ()
    pad_h: Annotated[UInt32, Tag(9)] = 0
    pad_w: Annotated[UInt32, Tag(10)] = 0
    kernel_h: Annotated[UInt32 | None, Tag(11)] = None
    kernel_w: Annotated[UInt32 | None, Tag(12)] = None
    stride_h: Annotated[UInt32 | None, Tag(13)] = None
    stride_w: Annotated[UInt32 | None, Tag(14)] = None
    group: Annotated[UInt32, Tag(5)] = 1
    weight_filler: Annotated[FillerParameter, Tag(7)] = FillerParameter()
    bias_filler: Annotated[FillerParameter, Tag(8)] = FillerParameter()
    engine: Annotated[Engine, Tag(15)] = Engine.DEFAULT
    axis: Annotated[Int32, Tag(16)] = 1
    force_nd_im2col: Annotated[bool, Tag(17)] = False

    def channel_axis(self, bottom: Shape) -> int:
        """Return the axis of the channels, counted from the front."""
        return axis_of(self.axis, bottom, "convolution_param", "axis")

    def channels(self, bottom: Shape) -> int:
        """Return the number of channels of the bottom."""
        return bottom[self.channel_axis(bottom)]

    def outputs(self, bottom: Shape) -> int:
        """Return the number of channels of the top.

        Raises:
            LayerError: It is not set, or the groups do not divide the channels.
        """
        if not self.num_output:
            raise LayerError("`num_output` is not set", field=("convolution_param", "num_output"))
        channels = self.channels(bottom)
        if not self.group or channels % self.group or self.num_output % self.group:
            raise LayerError(
                f"`group` {self.group} does not divide both the {channels} channels "
                f"of the bottom and `num_output` {self.num_output}",
                field=("convolution_param", "group"),
            )
        return self.num_output

    def window(self, bottom: Shape) -> ConvWindow:
        """Return how the kernel moves over the axes after the channels.

        Raises:
            LayerError: A number is missing, 0, given twice, or not given once or for each axis.
        """
        axes = len(bottom) - self.channel_axis(bottom) - 1
        pads = (self.pad_h, self.pad_w) if self.has("pad_h") or self.has("pad_w") else NO_SIDES
        kernels, strides = (self.kernel_h, self.kernel_w), (self.stride_h, self.stride_w)
        return ConvWindow(
            kernel=_spatial(axes, "kernel_size", self.kernel_size, kernels, default=None),
            stride=_spatial(axes, "stride", self.stride, strides, default=1),
            pad=_spatial(axes, "pad", self.pad, pads, default=0, least=0),
            dilation=_spatial(axes, "dilation", self.dilation, NO_SIDES, default=1),
        )


Sides = tuple[int | None, int | None]
NO_SIDES: Sides = (None, None)


def equal_bottoms(bottoms: tuple[Shape, ...]) -> Shape:
    """Return the shape that all bottoms have.

    Raises:
        LayerError: They differ.
    """
    first, *others = bottoms
    for at, other in enumerate(others, start=1):
        if other != first:
            raise LayerError(
                f"bottoms that share weights differ: bottom 0 is {first}, bottom {at} is {other}"
            )
    return first


def checked_extents(extents: Shape, bottom: Shape, window: ConvWindow) -> Shape:
    """Return the spatial extents of the top.

    Raises:
        LayerError: One is below 1.
    """
    if min(extents, default=1) < 1:
        raise LayerError(
            f"a kernel of {window.kernel} leaves nothing of a bottom of shape {bottom}: "
            f"the top would have extents {extents}",
            help=f"stride is {window.stride}, pad {window.pad}, dilation {window.dilation}",
            field=("convolution_param",),
        )
    return extents


def _spatial(
    axes: int,
    field: str,
    given: tuple[int, ...],
    sides: Sides,
    *,
    default: int | None,
    least: int = 1,
) -> Shape:
    """Return one number for each spatial axis, from the repeated field or `_h` and `_w`."""
    name = field.removesuffix("_size")
    if sides != NO_SIDES:
        numbers = tuple(side or 0 for side in sides)  # as Caffe, where the side left out is 0
        if given or axes != len(numbers):
            raise LayerError(
                f"`{field}` and `{name}_h`, `{name}_w` are both set"
                if given
                else f"`{name}_h` and `{name}_w` need 2 spatial axes, the bottom has {axes}",
                field=("convolution_param", field if given else f"{name}_h"),
            )
    elif not given and default is not None:
        numbers = (default,) * axes
    elif len(given) in (1, axes):
        numbers = given * axes if len(given) == 1 else given
    else:
        raise LayerError(
            f"`{field}` is set {len(given)} times for {axes} spatial axes",
            help="set it once, or once for each spatial axis",
            field=("convolution_param", field),
        )
    if min(numbers, default=least) < least:
        raise LayerError(
            f"`{name}` {numbers} must be at least {least}", field=("convolution_param", field)
        )
    return numbers
