"""Which axes of a bottom a scale or a bias covers."""

from protonet.layers.base import LayerError, axis_of
from protonet.shape import Shape


def covered(bottom: Shape, *, axis: int, num_axes: int, message: str) -> Shape:
    """Return the shape of a learned blob: ``num_axes`` axes of the bottom from ``axis`` on.

    Raises:
        LayerError: The bottom has no such axes.
    """
    first = axis_of(axis, bottom, message, "axis")
    if num_axes < -1:
        raise LayerError(
            f"`num_axes` {num_axes} must be at least -1",
            help="-1 covers all axes from `axis` on",
            field=(message, "num_axes"),
        )
    if first + num_axes > len(bottom):
        raise LayerError(
            f"{num_axes} axes from axis {first} on are more than a bottom of shape {bottom} has",
            field=(message, "num_axes"),
        )
    return bottom[first:] if num_axes == -1 else bottom[first : first + num_axes]


def aligned_axis(bottom: Shape, blob: Shape, *, axis: int, message: str) -> int:
    """Return the axis of the bottom that the first axis of a second bottom stands for.

    Raises:
        LayerError: The shapes do not fit.
    """
    if not blob:  # a scalar fits everywhere, and the axis is not even looked at
        return 0
    first = axis_of(axis, bottom, message, "axis")
    if bottom[first : first + len(blob)] != blob:
        raise LayerError(
            f"bottom 1 of shape {blob} does not fit bottom 0 of shape {bottom} "
            f"from axis {first} on",
            field=(message, "axis"),
        )
    return first
