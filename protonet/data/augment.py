"""What `transform_param` does to an image before Caffe's crop: sizes, turns, boxes, colours.

Every choice is made of numbers that belong to the image's position, ``NUMBERS`` of them, so that a
batch is the same in whatever thread it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protonet.data._lazy import cv2, np
from protonet.data.colours import jittered
from protonet.data.faults import Fault, fault
from protonet.data.resizing import resized, shrunk
from protonet.data.seeds import Purpose, Seed
from protonet.data.shard import Shard
from protonet.message.augmentation import RandomCropParameter
from protonet.message.common import Phase, TransformationParameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[Any]  # OpenCV tells no types of values
    Numbers = NDArray[np.float64]

TRIES = 10
"""How many boxes are drawn before one that fits is made."""

NUMBERS = 8 + 2 * TRIES
"""Random numbers of an image: interpolation, turn, four colours, place of a box, boxes."""

_TURN, _COLOURS, _PLACE, _BOXES = 1, slice(2, 6), slice(6, 8), slice(8, None)

_CV_CHANNELS = 4
"""How many channels OpenCV warps at once."""


@dataclass(frozen=True)
class Augmentation:
    """What one data layer does to its images beyond Caffe.

    Attributes:
        param: What is to be done.
        phase: Turns, boxes and colours are for TRAIN.
        seed: Of the random numbers.
        source: Where the images come from, for messages.
    """

    param: TransformationParameter
    phase: Phase
    seed: Seed
    source: str

    @property
    def acts(self) -> bool:
        """Whether it does anything."""
        p = self.param
        return p.resize_param is not None or p.shorter_side > 0 or self.is_random

    @property
    def is_random(self) -> bool:
        """Whether an image may become another one each time."""
        p = self.param
        chosen = p.resize_param is not None and len(set(p.resize_param.interp_mode)) > 1
        drawn = p.rotate > 0 or p.random_crop is not None or p.color_jitter is not None
        return chosen or (drawn and self.phase is Phase.TRAIN)

    def draws(self, position: int, number: int, shard: Shard) -> "Numbers":
        """Return the numbers of a batch's images, ``(NUMBERS, number)``."""
        if not self.is_random:
            return np.zeros((NUMBERS, number))
        # An image is changed alike whichever process reads it.
        numbers = self.seed.at(Purpose.AUGMENT, position)
        return numbers.random((number * shard.size, NUMBERS))[shard.own].T

    def apply(self, pixels: "Rows", numbers: "Numbers") -> "Rows":
        """Return an image ``(C, H, W)`` as the crop takes it.

        Raises:
            DiagnosticError: PN517, colours of an image that is not of bytes.
        """
        p = self.param
        rows = np.ascontiguousarray(pixels.transpose(1, 2, 0))
        if p.resize_param is not None:
            rows = resized(rows, p.resize_param, float(numbers[0]))
        if p.shorter_side:
            rows = shrunk(rows, p.shorter_side)
        if self.phase is Phase.TRAIN:
            rows = self._train(rows, numbers)
        return rows.transpose(2, 0, 1)

    def _train(self, rows: "Rows", numbers: "Numbers") -> "Rows":
        p = self.param
        if p.rotate:
            rows = turned(rows, (2 * float(numbers[_TURN]) - 1) * p.rotate)
        if p.random_crop is not None:
            top, left, height, width = box(
                rows.shape[:2], p.random_crop, numbers[_BOXES], numbers[_PLACE]
            )
            size = (p.crop_size, p.crop_size)
            rows = planewise(
                lambda part: cv2.resize(part, size), rows[top : top + height, left : left + width]
            )
        if p.color_jitter is not None:
            if rows.dtype != np.uint8:
                raise fault(
                    Fault.BYTES,
                    f"`color_jitter` changes bytes, but `{self.source}` holds floats",
                    help="remove `color_jitter`, or store the images as bytes",
                    file=self.source,
                )
            rows = jittered(rows, p.color_jitter, [float(n) for n in numbers[_COLOURS]])
        return rows


def turned(rows: "Rows", angle: float) -> "Rows":
    """Return an image turned about its centre by ``angle`` degrees, counterclockwise.

    What comes in at the corners is the image, mirrored at its edges.
    """
    height, width = rows.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1)

    def turn(part: "Rows") -> "Rows":
        return cv2.warpAffine(part, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)

    return planewise(turn, rows)


def box(
    shape: tuple[int, ...], p: RandomCropParameter, boxes: "Numbers", place: "Numbers"
) -> tuple[int, int, int, int]:
    """Return top, left, height and width of a random box in an image of ``shape``.

    Its area is drawn evenly, and its aspect evenly in the logarithm. Of `TRIES` boxes the first
    that fits is taken; if none does, the largest central one whose aspect is allowed. Szegedy et
    al., arXiv:1409.4842.
    """
    rows, columns = shape
    areas = (p.min_area + (p.max_area - p.min_area) * boxes[::2]) * rows * columns
    low, high = np.log(p.min_aspect), np.log(p.max_aspect)
    aspects = np.exp(low + (high - low) * boxes[1::2])
    heights = np.rint(np.sqrt(areas / aspects)).astype(int)
    widths = np.rint(np.sqrt(areas * aspects)).astype(int)
    fits = (heights > 0) & (heights <= rows) & (widths > 0) & (widths <= columns)
    if fits.any():
        first = int(np.argmax(fits))
        height, width = int(heights[first]), int(widths[first])
        top, left = place * (rows - height + 1, columns - width + 1)
        return int(top), int(left), height, width
    aspect = min(max(columns / rows, p.min_aspect), p.max_aspect)
    height = max(1, min(rows, round(columns / aspect)))
    width = max(1, min(columns, round(rows * aspect)))
    return (rows - height) // 2, (columns - width) // 2, height, width


def planewise(change: "Callable[[Rows], Rows]", rows: "Rows") -> "Rows":
    """Change an image ``(H, W, C)`` by a function of OpenCV, which takes few channels at once."""
    parts = [
        np.ascontiguousarray(rows[..., at : at + _CV_CHANNELS])
        for at in range(0, rows.shape[2], _CV_CHANNELS)
    ]
    return np.dstack([change(part) for part in parts]) if parts[1:] else deep(change(rows))


def deep(rows: "Rows") -> "Rows":
    """Return an image with its axis of channels, which OpenCV drops if there is one channel."""
    return rows if rows.ndim == 3 else rows[..., None]  # noqa: PLR2004 # height, width, channels
