"""Photographs as a classifier takes them, as Caffe's classification examples prepare them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import cv2, np
from protonet.data.faults import Fault as DataFault
from protonet.data.faults import fault
from protonet.data.sources.images import Colour, decode
from protonet.data.tools.faults import Fault
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import Shape
from protonet.weights.binaryproto import read_blob

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROPS = 10
"""Of an oversampled image: four corners and the centre, and their mirror images."""

_COLOURS, _WITH_ALPHA = 3, 4


class Preparing(NamedTuple):
    """What is done to each image, in this order.

    Attributes:
        input: Channels, height and width that the net takes. Images become gray or blue, green,
            red.
        resize: Height and width before the crop.
        mean: Subtracted: a value for each channel.
        scale: Multiplied with.
        oversample: Take ten crops, not the one in the centre.
    """

    input: Shape
    resize: tuple[int, int]
    mean: tuple[float, ...]
    scale: float = 1.0
    oversample: bool = False

    @property
    def crops(self) -> int:
        """How many of each image."""
        return CROPS if self.oversample else 1

    def prepare(self, file: bytes) -> "NDArray[np.float32]":
        """Return what the net takes for one image, ``(crops, C, H, W)``.

        Raises:
            ValueError: It is no image.
        """
        rows = np.ascontiguousarray(decode(file, Colour.AS_STORED).transpose(1, 2, 0))
        rows = _coloured(rows, self.input[0])
        if rows.shape[:2] != self.resize:
            rows = cv2.resize(rows, self.resize[::-1])
        planes = rows.reshape(*self.resize, self.input[0]).transpose(2, 0, 1).astype(np.float32)
        if self.mean:
            planes -= np.array(self.mean, np.float32)[:, None, None]
        crops = self._cropped(planes)
        return np.ascontiguousarray(crops, np.float32) * np.float32(self.scale)

    def _cropped(self, planes: "NDArray[np.float32]") -> "NDArray[np.float32]":
        _, height, width = self.input
        bottom, right = self.resize[0] - height, self.resize[1] - width
        corners = [(bottom // 2, right // 2)]
        if self.oversample:
            corners += [(top, left) for top in (0, bottom) for left in (0, right)]
        crops = np.stack([planes[:, y : y + height, x : x + width] for y, x in corners])
        return np.concatenate((crops, crops[..., ::-1])) if self.oversample else crops


def preparing(
    image: Shape,
    *,
    resize: tuple[int, int] | None = None,
    mean: tuple[float, ...] = (),
    scale: float = 1.0,
    oversample: bool = False,
) -> Preparing:
    """Return what is done to images for a net.

    Args:
        image: Channels, height and width that it takes.
        resize: Height and width before the crop; if not given those of the net, or 8/7 of them to
            take ten crops (256 for 224).
        mean: Subtracted: a value for each channel.
        scale: Multiplied with.
        oversample: Take ten crops.

    Raises:
        DiagnosticError: PN556, what it is resized to is smaller than what the net takes.
    """
    height, width = image[1:]
    if resize is None:
        resize = (-(-height * 8 // 7), -(-width * 8 // 7)) if oversample else (height, width)
    if resize[0] < height or resize[1] < width:
        raise fault(
            Fault.SMALL,
            f"images of {resize[0]} x {resize[1]} have no crop of {height} x {width}, which the net"
            " takes",
            help="resize to at least that",
        )
    return Preparing(image, resize, mean, scale, oversample)


def _coloured(rows: "NDArray[np.uint8]", channels: int) -> "NDArray[np.uint8]":
    """Return an image with one or three channels (classification.cpp, Preprocess)."""
    codes = {
        (_COLOURS, 1): cv2.COLOR_BGR2GRAY,
        (_WITH_ALPHA, 1): cv2.COLOR_BGRA2GRAY,
        (_WITH_ALPHA, _COLOURS): cv2.COLOR_BGRA2BGR,
        (1, _COLOURS): cv2.COLOR_GRAY2BGR,
    }
    code = codes.get((rows.shape[2], channels))
    return rows if code is None else cv2.cvtColor(rows, code).astype(np.uint8, copy=False)


def read_mean(text: str, channels: int) -> tuple[float, ...]:
    """Return the mean of each channel.

    Of a mean image it is the mean over the image, as Caffe's examples take it.

    Args:
        text: A ``.binaryproto`` or ``.npy``; or numbers with commas between, one or one a channel.
        channels: How many there are.

    Raises:
        DiagnosticError: PN553, it is not for so many channels, or no mean; what `read_blob` raises.
    """
    values = _numbers(text) or _of_image(text)
    if len(values) not in (1, channels):
        raise fault(
            Fault.MEAN,
            f"the mean `{text}` has {len(values)} channels, but the net takes {channels}",
            help="give one value, or one for each channel: blue, green, red",
        )
    return values if len(values) == channels else values * channels


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        return ()


def _of_image(name: str) -> tuple[float, ...]:
    image = _npy(name) if name.endswith(".npy") else read_blob(name)
    while image.ndim > _COLOURS and len(image) == 1:
        image = image[0]
    if image.ndim not in (1, _COLOURS):
        raise fault(
            Fault.MEAN,
            f"`{name}` is of shape {image.shape}, and no mean image",
            help="a mean image is (channels, height, width)",
            file=name,
        )
    means = image.reshape(len(image), -1).mean(1, np.float64)
    return tuple(float(mean) for mean in means)


def _npy(name: str) -> "NDArray[np.float32]":
    try:
        return np.load(name, allow_pickle=False).astype(np.float32)
    except (OSError, ValueError, AttributeError) as error:
        why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "no array"
        raise fault(Fault.MEAN, f"cannot read the mean `{name}`: {why}", file=name) from error


def read_labels(path: Path, classes: int) -> list[str]:
    """Read the names of classes, a line each.

    Raises:
        DiagnosticError: PN551, it cannot be read, or names more or fewer.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise fault(Fault.LABELS, f"cannot read the labels `{path}`: {why}", file=path) from error
    labels = text.rstrip().splitlines()
    if len(labels) != classes:
        raise fault(
            Fault.LABELS,
            f"`{path}` names {len(labels):,} classes, but the net has {classes:,}",
            help="each line names a class; the first is class 0",
            file=path,
        )
    return labels


def check_files(names: Sequence[str]) -> None:
    """See that images are there.

    Raises:
        DiagnosticError: PN506, all that are not.
    """
    problems: list[Diagnostic] = []
    for name in names:
        if not Path(name).is_file():
            problems += fault(DataFault.IMAGE, f"there is no image `{name}`", file=name).diagnostics
    if problems:
        raise DiagnosticError(problems)


def unreadable(name: str, error: Exception) -> DiagnosticError:
    """Return PN506: an image cannot be read."""
    return fault(DataFault.IMAGE, f"cannot read the image `{name}`: {error}", file=name)
