"""A contact sheet: the first images of each class, side by side."""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from protonet.data._lazy import cv2, np
from protonet.data.tools.info import spread
from protonet.data.tools.open import Opened, read_all
from protonet.weights.atomic import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE = 96
"""Pixels of an image's longer side."""

COLUMNS = 8
"""Images of a class at most."""

ROWS = 16
"""Classes at most; of more, as many evenly spread."""

_MARGIN, _GAP, _BACKGROUND = 64, 4, 255


def write_sheet(images: Opened, path: Path) -> None:
    """Write a PNG with a row for each class.

    Raises:
        DiagnosticError: PN504 or PN506, an image cannot be read; PN408, it cannot be written.
    """
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at, seen in enumerate(images.survey()):
        if len(members[seen.label]) < COLUMNS:
            members[seen.label].append(at)
    rows = [_row(images, label, members[label]) for label in spread(sorted(members), ROWS)]
    done, png = cv2.imencode(".png", np.concatenate(rows))
    assert done
    with replacing(path) as temporary:
        temporary.write_bytes(png.tobytes())


def _row(images: Opened, label: int, members: list[int]) -> "NDArray[np.uint8]":
    row = np.full((TILE + _GAP, _MARGIN + COLUMNS * (TILE + _GAP), 3), _BACKGROUND, np.uint8)
    cv2.putText(row, str(label), (4, TILE // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
    for column, image in enumerate(read_all(images, members)):
        tile = _tile(image.pixels)
        left = _MARGIN + column * (TILE + _GAP)
        row[: tile.shape[0], left : left + tile.shape[1]] = tile
    return row


def _tile(pixels: "NDArray[np.uint8 | np.float32]") -> "NDArray[np.uint8]":
    """Return an image of any channels and values as one to look at, ``(h, w, 3)``."""
    if pixels.dtype != np.uint8:
        low, high = float(pixels.min()), float(pixels.max())
        pixels = ((pixels - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    planes = pixels[:3] if len(pixels) > 2 else np.repeat(pixels[:1], 3, 0)  # noqa: PLR2004 # colours
    scale = TILE / max(planes.shape[1:])
    size = tuple(max(1, round(extent * scale)) for extent in planes.shape[:0:-1])
    nearest = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    rows = np.ascontiguousarray(planes.transpose(1, 2, 0), np.uint8)
    return cast("NDArray[np.uint8]", cv2.resize(rows, size, interpolation=nearest))
