"""What several layers ask of their bottoms."""

from protonet.layers.base import LayerError
from protonet.message.common import BlobShape, LossParameter
from protonet.shape import Shape, count

MAX_AXES = 32
"""Axes of a blob (``kMaxBlobAxes``)."""
MAX_COUNT = 2**31 - 1
"""Elements of a blob."""


def blob_shape(shape: BlobShape, *field: str | int) -> Shape:
    """Return a shape that a message gives.

    Raises:
        LayerError: No blob can have it.
    """
    if len(shape.dim) > MAX_AXES:
        raise LayerError(f"{len(shape.dim)} axes are more than {MAX_AXES}", field=field)
    for at, dim in enumerate(shape.dim):
        if dim < 0:
            raise LayerError(f"an axis cannot have the extent {dim}", field=(*field, "dim", at))
    if count(shape.dim) > MAX_COUNT:
        raise LayerError(
            f"a blob of shape {shape.dim} has more than {MAX_COUNT} elements", field=field
        )
    return shape.dim


def no_smoothing(loss_param: LossParameter) -> None:
    """Refuse ``label_smoothing``, which SoftmaxWithLoss alone has.

    Raises:
        LayerError: It is set.
    """
    if loss_param.label_smoothing:
        raise LayerError(
            "`label_smoothing` is a field of SoftmaxWithLoss alone",
            field=("loss_param", "label_smoothing"),
        )


def is_mean_over_samples(
    normalization: LossParameter.NormalizationMode, loss_param: LossParameter
) -> bool:
    """Tell whether a loss divides by a number that grows with the batch and with nothing else."""
    mode = LossParameter.NormalizationMode
    counts_valid = normalization is mode.VALID and loss_param.ignore_label is not None
    return normalization is not mode.NONE and not counts_valid


def same_batch(first: Shape, second: Shape) -> None:
    """Refuse bottoms that differ in axis 0, or that have none.

    Raises:
        LayerError: They do.
    """
    if not first or not second:
        raise LayerError("a bottom has no axes, but axis 0 is the batch")
    if first[0] != second[0]:
        raise LayerError(f"bottom 0 holds {first[0]} items, but bottom 1 holds {second[0]}")


def one_label_each(predictions: int, bottom: Shape, label: Shape) -> None:
    """Refuse a number of labels that is not that of the predictions.

    Raises:
        LayerError: It is not.
    """
    if count(label) != predictions:
        raise LayerError(
            f"bottom 0 of shape {bottom} makes {predictions} predictions, "
            f"but bottom 1 of shape {label} holds {count(label)} labels",
            help="give one label for each position: N x H x W of them for scores (N, C, H, W)",
        )


def four_axes(bottom: Shape) -> Shape:
    """Return ``(N, C, H, W)`` of a bottom; axes that it has not are 1.

    Raises:
        LayerError: It has more.
    """
    if len(bottom) > 4:  # noqa: PLR2004 # N, C, H, W
        raise LayerError(f"a bottom of shape {bottom} has more than four axes (N, C, H, W)")
    return (*bottom, *(1,) * (4 - len(bottom)))
