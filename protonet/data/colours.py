"""Random colours of images ``(H, W, C)`` of bytes, blue first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from protonet.data._lazy import cv2, np
from protonet.message.augmentation import ColorJitterParameter, DistortionParameter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[Any]  # OpenCV tells no types of values

COLOUR = 3
"""Channels of an image in colour."""

ROUND = 180
"""OpenCV's hues, two degrees each."""

DRAWS = 11
"""Random numbers of a distortion."""


def jittered(rows: "Rows", p: ColorJitterParameter, numbers: Sequence[float]) -> "Rows":
    """Change brightness, contrast, saturation and hue, in this order.

    Args:
        rows: The image; where it has not 3 channels, saturation and hue stay.
        p: By how much at most.
        numbers: Four, from 0 to 1.
    """
    factors = [
        max(0.0, 1 + amount * (2 * number - 1))
        for amount, number in zip(
            (p.brightness, p.contrast, p.saturation), numbers[:3], strict=True
        )
    ]
    if p.brightness:
        rows = _scaled(rows, factors[0])
    if p.contrast:
        rows = _scaled(rows, factors[1], (1 - factors[1]) * float(_gray(rows).mean()))
    if rows.shape[2] != COLOUR:
        return rows
    if p.saturation:
        gray = _gray(rows)[..., None].repeat(COLOUR, 2)
        rows = cv2.addWeighted(rows, factors[2], gray, 1 - factors[2], 0)
    if p.hue:
        rows = _hued(rows, p.hue * (2 * numbers[3] - 1) * ROUND)
    return rows


def distorted(rows: "Rows", p: DistortionParameter, numbers: Sequence[float]) -> "Rows":
    """Change colours as SSD's fork does (`im_transforms.cpp`, ApplyDistort).

    Brightness comes first, the order of channels last; contrast comes second or fourth.

    Args:
        rows: The image; where it has not 3 channels, only brightness and contrast change.
        p: What may happen, and how likely.
        numbers: `DRAWS`, from 0 to 1.
    """
    order, brightness, contrast, saturation, hue = numbers[0], *_pairs(numbers[1:9])
    rows = _brightened(rows, p, *brightness)
    if order > 0.5:  # noqa: PLR2004 # half of them
        rows = _contrasted(rows, p, *contrast)
    if rows.shape[2] == COLOUR:
        if saturation[0] < p.saturation_prob:
            rows = _saturated(rows, _between(p.saturation_lower, p.saturation_upper, saturation[1]))
        if hue[0] < p.hue_prob:
            # The fork's hues stop at 0, though they go round at the other end.
            turn = round(_between(-p.hue_delta, p.hue_delta, hue[1]))
            rows = _in_hsv(rows, 0, _bytes(np.arange(256) + turn))
    if order <= 0.5:  # noqa: PLR2004 # the other half
        rows = _contrasted(rows, p, *contrast)
    if rows.shape[2] == COLOUR and numbers[9] < p.random_order_prob:
        rows = np.ascontiguousarray(rows[..., _ORDERS[int(numbers[10] * len(_ORDERS))]])
    return rows


_ORDERS = ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])


def _pairs(numbers: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _between(low: float, high: float, number: float) -> float:
    return low + (high - low) * number


def _brightened(rows: "Rows", p: DistortionParameter, chance: float, number: float) -> "Rows":
    if chance >= p.brightness_prob:
        return rows
    return _scaled(rows, 1, _between(-p.brightness_delta, p.brightness_delta, number))


def _contrasted(rows: "Rows", p: DistortionParameter, chance: float, number: float) -> "Rows":
    if chance >= p.contrast_prob:
        return rows
    return _scaled(rows, _between(p.contrast_lower, p.contrast_upper, number))


def _saturated(rows: "Rows", factor: float) -> "Rows":
    return _in_hsv(rows, 1, _bytes(np.arange(256) * factor))


def _hued(rows: "Rows", turn: float) -> "Rows":
    """Turn the circle of hues by so many of OpenCV's."""
    return _in_hsv(rows, 0, ((np.arange(256) + round(turn)) % ROUND).astype(np.uint8))


def _in_hsv(rows: "Rows", channel: int, table: "Rows") -> "Rows":
    """Look up one channel of hue, saturation and value in a table of all 256 values."""
    tables = np.arange(256, dtype=np.uint8).repeat(COLOUR).reshape(1, 256, COLOUR)
    tables[0, :, channel] = table
    hsv = cv2.LUT(cv2.cvtColor(rows, cv2.COLOR_BGR2HSV), tables)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def _gray(rows: "Rows") -> "Rows":
    return cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY) if rows.shape[2] == COLOUR else rows.mean(2)


def _scaled(rows: "Rows", factor: float, offset: float = 0) -> "Rows":
    return cv2.LUT(rows, _bytes(np.arange(256) * factor + offset)).reshape(rows.shape)


def _bytes(values: "NDArray[Any]") -> "Rows":
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
