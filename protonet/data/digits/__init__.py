"""1,797 handwritten digits that ship with the package, in the form of MNIST.

Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
Repository, doi:10.24432/C50P49, CC BY 4.0. ``digits.npz`` holds the 8x8 images as they are there
(0 to 16); ``make.py`` says in which order.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from protonet.data._lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRAIN = 1297
"""Images of the training set; they come first in the file."""

TEST = 500
"""Images of the test set."""

SHAPE = (1, 28, 28)
"""Channels, height and width that `load` gives."""

FILE = Path(__file__).with_name("digits.npz")
"""The images as the repository has them, 8x8 and 0 to 16, and the labels."""

_EXTENT = 20  # of the drawn digit, as in MNIST; the rest is a border
_WHITE = 16  # in the file


def load() -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """Return images, ``(1797, 1, 28, 28)``, ink at 255, and their labels, training set first."""
    with FILE.open("rb") as file, np.load(file) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    border = (SHAPE[1] - _EXTENT) // 2
    margin = (border, border)
    return np.pad(enlarge(images, _EXTENT), ((0, 0), margin, margin))[:, None], labels


def enlarge(images: "NDArray[np.uint8]", extent: int) -> "NDArray[np.uint8]":
    """Return ``(N, 8, 8)`` images of 0 to 16 as ``(N, extent, extent)`` of 0 to 255.

    Bilinear between the centres of pixels. All sums are of small integers, so that every machine
    gets the same bytes.
    """
    weights = _bilinear(images.shape[1], extent)
    sums = weights @ images.astype(np.float64) @ weights.T
    full = _WHITE * (2 * extent) ** 2
    return ((sums.astype(np.int64) * 255 + full // 2) // full).astype(np.uint8)


def _bilinear(old: int, new: int) -> "NDArray[np.float64]":
    """Return ``(new, old)`` weights of old pixels in new ones, in units of ``1 / (2 * new)``."""
    weights = np.zeros((new, old))
    for row in range(new):
        pixel, rest = divmod((2 * row + 1) * old - new, 2 * new)
        weights[row, max(pixel, 0)] += 2 * new - rest
        weights[row, min(pixel + 1, old - 1)] += rest
    return weights
