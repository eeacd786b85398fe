"""What ``transform_param`` may ask for beyond Caffe: messages of SSD's fork and our own."""

from enum import IntEnum
from typing import Annotated

from protonet.message.base import Float, Message, Tag, UInt32


class ResizeParameter(Message):
    """How an image is brought to the net's size (SSD). ``prob`` has no effect, as in the fork."""

    class Resize_mode(IntEnum):  # noqa: N801 # the schema's name
        """WARP: both axes for themselves; FIT_..: one scale, then a crop or padding."""

        WARP = 1
        FIT_SMALL_SIZE = 2
        FIT_LARGE_SIZE_AND_PAD = 3

    class Pad_mode(IntEnum):  # noqa: N801 # the schema's name
        """What padding shows."""

        CONSTANT = 1
        MIRRORED = 2
        REPEAT_NEAREST = 3

    class Interp_mode(IntEnum):  # noqa: N801 # the schema's name
        """How pixels between pixels are made."""

        LINEAR = 1
        AREA = 2
        NEAREST = 3
        CUBIC = 4
        LANCZOS4 = 5

    prob: Annotated[Float, Tag(1)] = 1.0
    resize_mode: Annotated[Resize_mode, Tag(2)] = Resize_mode.WARP
    height: Annotated[UInt32, Tag(3)] = 0
    width: Annotated[UInt32, Tag(4)] = 0
    pad_mode: Annotated[Pad_mode, Tag(5)] = Pad_mode.CONSTANT
    pad_value: Annotated[tuple[Float, ...], Tag(6)] = ()
    interp_mode: Annotated[tuple[Interp_mode, ...], Tag(7)] = ()
    height_scale: Annotated[UInt32, Tag(8)] = 0
    width_scale: Annotated[UInt32, Tag(9)] = 0


class EmitConstraint(Message):
    """Which boxes a crop keeps (SSD)."""

    class EmitType(IntEnum):
        """CENTER: those whose centre it holds; MIN_OVERLAP: those of which it holds a share."""

        CENTER = 0
        MIN_OVERLAP = 1

    emit_type: Annotated[EmitType, Tag(1)] = EmitType.CENTER
    emit_overlap: Annotated[Float, Tag(2)] = 0.0


class DistortionParameter(Message):
    """Random colours, each with its probability (SSD); differences count in steps of 0 to 255."""

    brightness_prob: Annotated[Float, Tag(1)] = 0.0
    brightness_delta: Annotated[Float, Tag(2)] = 0.0
    contrast_prob: Annotated[Float, Tag(3)] = 0.0
    contrast_lower: Annotated[Float, Tag(4)] = 0.0
    contrast_upper: Annotated[Float, Tag(5)] = 0.0
    hue_prob: Annotated[Float, Tag(6)] = 0.0
    hue_delta: Annotated[Float, Tag(7)] = 0.0
    saturation_prob: Annotated[Float, Tag(8)] = 0.0
    saturation_lower: Annotated[Float, Tag(9)] = 0.0
    saturation_upper: Annotated[Float, Tag(10)] = 0.0
    random_order_prob: Annotated[Float, Tag(11)] = 0.0


class ExpansionParameter(Message):
    """Places an image at random on a canvas of up to ``max_expand_ratio`` its size (SSD)."""

    prob: Annotated[Float, Tag(1)] = 1.0
    max_expand_ratio: Annotated[Float, Tag(2)] = 1.0


class RandomCropParameter(Message):
    """A random box of the image, resized to ``crop_size`` x ``crop_size``."""

    min_area: Annotated[Float, Tag(1)] = 0.08
    """The least share of the image's area, above 0."""
    max_area: Annotated[Float, Tag(2)] = 1.0
    """The greatest share of the image's area, at most 1."""
    min_aspect: Annotated[Float, Tag(3)] = 0.75
    """The least width divided by height."""
    max_aspect: Annotated[Float, Tag(4)] = 1.3333334
    """The greatest width divided by height."""


class ColorJitterParameter(Message):
    """Random colours; each factor is drawn from ``1 - x`` to ``1 + x``, and not below 0."""

    brightness: Annotated[Float, Tag(1)] = 0.0
    """Multiplies all values."""
    contrast: Annotated[Float, Tag(2)] = 0.0
    """Multiplies the distance of each value to the image's mean gray."""
    saturation: Annotated[Float, Tag(3)] = 0.0
    """Multiplies the distance of each pixel to its own gray; of images with 3 channels."""
    hue: Annotated[Float, Tag(4)] = 0.0
    """Turns the circle of colours by ``-hue`` to ``hue`` rounds, at most 0.5; of 3 channels."""


class ChannelOrder(IntEnum):
    """In which order channels stand in a blob: blue first, as in Caffe, or red first."""

    BGR = 0
    RGB = 1


class OnBadImage(IntEnum):
    """What an image that cannot be read does: end the run, or give its place to the next one."""

    RAISE = 0
    SKIP = 1
