"""Made images: fine-grained classes that differ in second-order statistics only.

An image has regions. Each holds stripes of brightness and stripes of colour, of one orientation
each. Each channel of each image has the very same values, in another order: one histogram, mean and
variance for all. A family of classes has the same orientations of both, equally often, so that
descriptors of them that are averaged one by one can tell families apart at best. Its classes differ
in which orientation of colour goes with which of brightness: averaged products of two descriptors
(bilinear pooling) show that.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations
from math import comb
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import cv2, np
from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.parallel import in_order
from protonet.data.tools.records import raw_datum
from protonet.data.tools.stores import LMDBWriter, grouped, key_of
from protonet.data.tools.unfinished import unfinished

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

LEAST_SIZE = 16
"""Pixels of a side at least: a region must hold some stripes."""

FAMILY = 4
"""Classes of which each has the same stripes, paired in another way."""

_ORIENTATIONS = 6
_PAIRS = 3  # of orientations, in an image
LIMIT = FAMILY * comb(_ORIENTATIONS, _PAIRS) ** 2
"""Classes at most."""

_STRIPE = 6.0  # pixels from one to the next
_SPREAD = 0.35  # of the frequencies around that, relative
_REGION = 16.0  # pixels, about
_MEAN, _DEVIATION = 127.5, 48.0  # of each channel of each image


class Pairing(NamedTuple):
    """What a class is: which orientations occur together, by their numbers.

    Attributes:
        bright: Of the stripes of brightness.
        colour: Of the stripes of colour that are in the same regions.
    """

    bright: tuple[int, ...]
    colour: tuple[int, ...]


class Textures:
    """The classes; an image depends on the seed, its class and its number alone.

    Args:
        classes: How many classes.
        size: Height and width in pixels.
        seed: Of what each class is, and of all images.

    Attributes:
        pairings: What each class is.

    Raises:
        DiagnosticError: PN546, there are too few classes or pixels, or too many classes.
    """

    def __init__(self, classes: int = 20, size: int = 64, seed: int = 1701) -> None:
        if not 2 <= classes <= LIMIT or size < LEAST_SIZE:  # noqa: PLR2004 # one is no choice
            raise _refused(f"{classes} classes of {size} x {size} pixels")
        self._seed = seed
        self._shape = (size, size)
        self.pairings = _pairings(classes, seed)
        angles = np.arange(_ORIENTATIONS) * np.pi / _ORIENTATIONS
        self._stripes = np.stack([self._band(float(angle)) for angle in angles])
        self._regions = np.repeat(self._band(None)[None], _PAIRS, 0)
        self._levels = _levels(size * size)

    def image(self, label: int, number: int) -> "NDArray[np.uint8]":
        """Return one image of a class, ``(H, W, 3)``, blue, green, red."""
        random = np.random.default_rng((self._seed, label, number))
        regions = self._noise(random, self._regions).argmax(0)[None]
        bright, colour = (
            np.take_along_axis(self._noise(random, self._stripes[list(angles)]), regions, 0)[0]
            for angles in self.pairings[label]
        )
        channels = (bright + colour, bright, bright - colour)
        return np.stack([self._levelled(channel) for channel in channels], -1)

    def _band(self, angle: float | None) -> "NDArray[np.float64]":
        """Return a filter, by frequency: stripes at an angle, or blobs of a region's size."""
        rows, columns = np.fft.fftfreq(self._shape[0])[:, None], np.fft.rfftfreq(self._shape[1])
        if angle is None:
            return np.exp(-(rows**2 + columns**2) * _REGION**2)
        row, column, spread = np.sin(angle) / _STRIPE, np.cos(angle) / _STRIPE, _SPREAD / _STRIPE
        ways = [
            np.exp(-((rows - side * row) ** 2 + (columns - side * column) ** 2) / (2 * spread**2))
            for side in (-1, 1)
        ]
        return ways[0] + ways[1]

    def _noise(self, random: "Generator", filters: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return noise through each filter, ``(filters, H, W)``, of deviation 1."""
        white = random.standard_normal((len(filters), *self._shape))
        noise = np.fft.irfft2(np.fft.rfft2(white) * filters, self._shape)
        return noise / noise.std((1, 2), keepdims=True)

    def _levelled(self, channel: "NDArray[np.float64]") -> "NDArray[np.uint8]":
        """Replace the values by those that each channel holds, in the same order of size."""
        pixels = np.empty(channel.size, np.uint8)
        pixels[channel.ravel().argsort()] = self._levels
        return pixels.reshape(self._shape)


class Made(NamedTuple):
    """Where the parts of a made data set are: lists of images, or databases."""

    train: Path
    test: Path


def make(
    out: Path,
    *,
    classes: int = 20,
    per_class: int = 60,
    size: int = 64,
    seed: int = 1701,
    split: float = 0.75,
    lmdb: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Made:
    """Write textures as PNG images with lists of them, or as databases.

    Args:
        out: The folder to make. It gets ``train.txt``, ``test.txt`` and ``images/``, or
            ``train_lmdb`` and ``test_lmdb``. The lists name images from the folder on.
        classes: How many classes.
        per_class: Images of each.
        size: Height and width in pixels.
        seed: Of all that is random.
        split: Which share of each class is for training.
        lmdb: Write databases.
        progress: Is told how many images are written.

    Raises:
        DiagnosticError: PN540, the folder exists; PN546, there are too few images, classes or
            pixels; PN408, it cannot be written.
    """
    textures = Textures(classes, size, seed)
    first = round(per_class * split)
    if not 0 < first < per_class:
        raise _refused(f"{per_class} images a class, {split:g} of them for training,")
    parts = {"train": range(first), "test": range(first, per_class)}
    with unfinished(out, {"textures": [classes, per_class, size, seed]}, restart=True) as folder:
        for part, numbers in parts.items():
            # A class after the other in turn: Data reads in order.
            images = [(label, number) for number in numbers for label in range(classes)]
            write = _write_lmdb if lmdb else _write_images
            for done in write(textures, folder, part, images):
                progress(done)
    ending = "_lmdb" if lmdb else ".txt"
    return Made(out / f"train{ending}", out / f"test{ending}")


_Images = Sequence[tuple[int, int]]


def _write_images(textures: Textures, folder: Path, part: str, images: _Images) -> Iterator[int]:
    def write(image: tuple[int, int]) -> str:
        name = "images/{:03}/{:04}.png".format(*image)
        _, png = cv2.imencode(".png", textures.image(*image))
        (folder / name).write_bytes(png.tobytes())
        return f"{name} {image[0]}\n"

    for label in {label for label, _ in images}:
        (folder / f"images/{label:03}").mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for line in in_order(write, images):
        lines.append(line)
        yield 1
    (folder / f"{part}.txt").write_text("".join(lines), encoding="utf-8")


def _write_lmdb(textures: Textures, folder: Path, part: str, images: _Images) -> Iterator[int]:
    def item(at: int) -> tuple[bytes, bytes]:
        label, number = images[at]
        pixels = textures.image(label, number).transpose(2, 0, 1)
        return key_of(at, f"{label:03}/{number:04}"), raw_datum(pixels, label)

    writer = LMDBWriter(folder / f"{part}_lmdb")
    try:
        for group in grouped(in_order(item, range(len(images))), writer.limit, _bytes):
            writer.put(group)
            yield len(group)
    finally:
        writer.close()


def _bytes(item: tuple[bytes, bytes]) -> int:
    return len(item[1])


def _pairings(classes: int, seed: int) -> list[Pairing]:
    """Draw families, and of each family its classes."""
    random = np.random.default_rng((seed,))
    subsets: list[tuple[int, ...]] = list(combinations(range(_ORIENTATIONS), _PAIRS))
    families = random.permutation(len(subsets) ** 2)[: -(-classes // FAMILY)]
    found: list[Pairing] = []
    for family in families:
        bright, colour = divmod(int(family), len(subsets))
        orders: list[tuple[int, ...]] = list(permutations(subsets[colour]))
        chosen = random.permutation(len(orders))[:FAMILY]
        found += [Pairing(subsets[bright], orders[at]) for at in chosen]
    return found[:classes]


def _levels(count: int) -> "NDArray[np.uint8]":
    """Return as many values of a normal distribution, in order."""
    normal = NormalDist(_MEAN, _DEVIATION)
    values = [normal.inv_cdf((at + 0.5) / count) for at in range(count)]
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _refused(what: str) -> Exception:
    return fault(
        Fault.TEXTURES,
        f"textures of {what} cannot be made",
        help=f"ask for 2 to {LIMIT:,} classes, {LEAST_SIZE} pixels and, for each part, an image of"
        " each class at least",
    )
