"""What `transform_param` makes of an image's shape."""

from protonet.data.faults import Fault, fault
from protonet.data.sources.images import Colour
from protonet.message.common import TransformationParameter
from protonet.shape import Shape


def transformed(param: TransformationParameter, shape: Shape, source: str) -> Shape:
    """Return the shape after the transformation.

    Args:
        param: What is to be done.
        shape: Channels, height and width of an image.
        source: Where it comes from, for the message.

    Raises:
        DiagnosticError: PN508, it is smaller than the crop; PN509, its channels are not the mean's.
    """
    channels, height, width = shape
    if len(param.mean_value) not in (0, 1, channels):
        raise fault(
            Fault.MEAN,
            f"an image of `{source}` has {channels} channels, but there are {len(param.mean_value)}"
            " of `mean_value`",
            help="give one for all channels, or one for each: blue, green, red",
            file=source,
        )
    crop = param.crop_size
    if not crop:
        return shape
    if crop > min(height, width):
        raise fault(
            Fault.CROP,
            f"`crop_size: {crop}` is larger than an image of `{source}`, {height} x {width}",
            help="use a smaller `crop_size`, or resize the images",
            file=source,
        )
    return channels, crop, crop


def colour(param: TransformationParameter) -> Colour:
    """Return what encoded images are decoded to."""
    if param.force_color:
        return Colour.BGR
    return Colour.GRAY if param.force_gray else Colour.AS_STORED
