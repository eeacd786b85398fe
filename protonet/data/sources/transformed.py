"""What `transform_param` makes of an image's shape."""

from collections.abc import Callable

from protonet.data.faults import Fault, fault
from protonet.data.resizing import resized_shape
from protonet.data.sources.images import Colour
from protonet.diagnostics import DiagnosticError
from protonet.message.augmentation import ChannelOrder
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape

OVERSAMPLED = 10
"""Crops that `oversample` gives of an image."""


def transformed(
    param: TransformationParameter, shape: Shape, source: str, phase: Phase = Phase.TEST
) -> Shape:
    """Return the shape after the transformation.

    Args:
        param: What is to be done.
        shape: Channels, height and width of an image.
        source: Where it comes from, for the message.
        phase: Random boxes are resized in TRAIN.

    Raises:
        DiagnosticError: PN508, it is smaller than the crop; PN509, its channels are not the mean's.
    """
    return cropped(param, _resized(param, shape, phase), source)


def _resized(param: TransformationParameter, shape: Shape, phase: Phase) -> Shape:
    if param.random_crop is not None and phase is Phase.TRAIN:
        return shape[0], param.crop_size, param.crop_size
    return resized_shape(param, shape)


def some_image() -> str:
    """Return what an image is called that nobody names."""
    return "an image"


def cropped(
    param: TransformationParameter,
    shape: Shape,
    source: str,
    called: Callable[[], str] = some_image,
) -> Shape:
    """Return the shape of an image's crop; what comes before the crop has been done to it.

    Args:
        param: What is to be done.
        shape: Channels, height and width of the image.
        source: Where it comes from, for the message.
        called: Tells which image it is, for the message.

    Raises:
        DiagnosticError: PN508, it is smaller than the crop; PN509, its channels are not the mean's.
    """
    channels, height, width = shape
    if {len(param.mean_value), len(param.std_value)} - {0, 1, channels}:
        raise _other_channels(param, channels, f"{called()} of `{source}`", source)
    crop = param.crop_size
    if not crop:
        return shape
    if crop > min(height, width):
        raise fault(
            Fault.CROP,
            f"`crop_size: {crop}` is larger than {called()} of `{source}`, {height} x {width}",
            help="use a smaller `crop_size`, or resize the images",
            file=source,
        )
    return channels, crop, crop


def _other_channels(
    param: TransformationParameter, channels: int, image: str, source: str
) -> DiagnosticError:
    both = (("mean_value", param.mean_value), ("std_value", param.std_value))
    name, number = next((n, len(v)) for n, v in both if len(v) not in (0, 1, channels))
    return fault(
        Fault.MEAN,
        f"{image} has {channels} channels, but `{name}` has {number} values",
        help=f"give one for all channels, or one for each: {_ORDERS[param.channel_order]}",
        file=source,
    )


def views(param: TransformationParameter, phase: Phase) -> int:
    """Return how many crops are given of each image."""
    return OVERSAMPLED if param.oversample and phase is Phase.TEST else 1


_ORDERS = {ChannelOrder.BGR: "blue, green, red", ChannelOrder.RGB: "red, green, blue"}


def colour(param: TransformationParameter) -> Colour:
    """Return what encoded images are decoded to."""
    if param.force_color:
        return Colour.BGR
    return Colour.GRAY if param.force_gray else Colour.AS_STORED
