"""Messages and checks that the layers of detection nets share."""

from enum import IntEnum
from typing import Annotated

from protonet.layers._checks import four_axes
from protonet.layers.base import LayerError
from protonet.message.base import Float, Int32, Message, Tag, UInt32
from protonet.shape import Shape, count


class PriorBoxParameter(Message):
    """Parameters of PriorBox."""

    class CodeType(IntEnum):
        """What four predicted numbers say of a box and its prior."""

        CORNER = 1
        CENTER_SIZE = 2
        CORNER_SIZE = 3

    min_size: Annotated[tuple[Float, ...], Tag(1)] = ()
    max_size: Annotated[tuple[Float, ...], Tag(2)] = ()
    aspect_ratio: Annotated[tuple[Float, ...], Tag(3)] = ()
    flip: Annotated[bool, Tag(4)] = True
    clip: Annotated[bool, Tag(5)] = False
    variance: Annotated[tuple[Float, ...], Tag(6)] = ()
    img_size: Annotated[UInt32 | None, Tag(7)] = None
    img_h: Annotated[UInt32 | None, Tag(8)] = None
    img_w: Annotated[UInt32 | None, Tag(9)] = None
    step: Annotated[Float | None, Tag(10)] = None
    step_h: Annotated[Float | None, Tag(11)] = None
    step_w: Annotated[Float | None, Tag(12)] = None
    offset: Annotated[Float, Tag(13)] = 0.5


class NonMaximumSuppressionParameter(Message):
    """How boxes that overlap a better one are dropped."""

    nms_threshold: Annotated[Float, Tag(1)] = 0.3
    top_k: Annotated[Int32 | None, Tag(2)] = None
    eta: Annotated[Float, Tag(3)] = 1.0


def check_predictions(
    loc: Shape, conf: Shape, prior: Shape, *, loc_classes: int, classes: int
) -> None:
    """Refuse predictions that are not one box and one score a class for each prior.

    Args:
        loc: ``(N, P * loc_classes * 4)``, further axes 1.
        conf: ``(N, P * classes)``, likewise.
        prior: ``(1, 2, P * 4)``: corners, then variances.
        loc_classes: How many boxes a prior has.
        classes: How many scores a prior has.

    Raises:
        LayerError: They are not.
    """
    if loc[:1] != conf[:1]:
        raise LayerError(f"bottoms 0 and 1 of shapes {loc} and {conf} differ in the batch")
    if count(prior[:1]) != 1 or prior[1:2] != (2,) or count(prior[2:]) % 4:
        raise LayerError(
            f"bottom 2 of shape {prior} does not hold priors, (1, 2, 4 P)",
            help="give the top of PriorBox, or several joined along axis 2",
        )
    priors = count(prior[2:]) // 4
    for at, (bottom, each) in enumerate(((loc, 4 * loc_classes), (conf, classes))):
        if count(bottom[1:]) != priors * each:
            raise LayerError(
                f"bottom {at} of shape {bottom} holds {count(bottom[1:])} values an image, "
                f"but {priors} priors with {each} each make {priors * each}"
            )


def check_rois(bottom: Shape, rois: Shape) -> Shape:
    """Return ``(N, C, H, W)`` of what ROIs are cut from.

    Raises:
        LayerError: It has more axes, or the ROIs are not ``(R, 5)``.
    """
    if not rois or count(rois[1:]) != 5:  # noqa: PLR2004 # the image and four coordinates
        raise LayerError(
            f"bottom 1 of shape {rois} does not hold ROIs, (R, 5)",
            help="a ROI is the image's place in the batch, x1, y1, x2, y2",
        )
    return four_axes(bottom)
