"""Boxes that DetectionOutput finds, written as the VOC, COCO or ILSVRC benchmarks want them."""

import json
from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import copysign
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from protonet import files
from protonet.message.bind import bind
from protonet.message.common import LabelMap
from protonet.syntax.parse import parse


class Format(StrEnum):
    """A benchmark; its name in ``output_format``."""

    VOC = "VOC"
    COCO = "COCO"
    ILSVRC = "ILSVRC"


class ResizeMode(IntEnum):
    """How an image was brought to the net's size."""

    WARP = 1
    FIT_SMALL_SIZE = 2
    FIT_LARGE_SIZE_AND_PAD = 3


@dataclass(frozen=True, slots=True)
class Resize:
    """How images were resized: heights and widths in pixels.

    Attributes:
        mode: What was done.
        size: Height and width of the net's image.
        scale: Height and width that FIT_SMALL_SIZE took shares of; 0 for the image's own.
    """

    mode: ResizeMode
    size: tuple[int, int]
    scale: tuple[int, int]


class Image(NamedTuple):
    """An image of the data set; height and width in pixels."""

    name: str
    height: int
    width: int


class Detection(NamedTuple):
    """A box in an image, in pixels, rounded to 1/100."""

    image: str
    label: int
    score: float
    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2, all cut to whole pixels."""
        x, y = int(self.x), int(self.y)
        return x, y, x + int(self.width), y + int(self.height)


class DetectionFiles:
    """Collects the boxes of a data set's images, and writes them when all are there."""

    def __init__(
        self,
        folder: str,
        prefix: str,
        form: Format,
        *,
        label_map: str,
        name_size: str,
        images: int | None,
        resize: Resize | None,
        background: int,
    ) -> None:
        """Store where boxes go; no file is touched before the first ones come.

        Args:
            folder: Where files are written; it is made if need be.
            prefix: What their names begin with.
            form: What they are for.
            label_map: The file of class names, a LabelMap.
            name_size: The file of the images: name, height, width, and so on.
            images: How many images are the whole data set; None for all of the file.
            resize: How they were resized, if not by warping.
            background: A class that has no file.
        """
        self.folder = Path(folder)
        self.prefix = prefix
        self.form = form
        self.label_map = label_map
        self.name_size = name_size
        self.whole = images
        self.resize = resize
        self.background = background
        self._labels: dict[int, str] = {}
        self._images: tuple[Image, ...] = ()
        self._done = 0
        self._found: list[Detection] = []

    def add(self, images: int, image: Tensor, label: Tensor, score: Tensor, box: Tensor) -> None:
        """Take the boxes of the next images of the data set.

        Args:
            images: How many images.
            image: ``(M)``: which of them a box is in, ascending.
            label: ``(M)``.
            score: ``(M)``.
            box: ``(M, 4)``: corners as shares of the image that the net saw.

        Raises:
            ValueError: A class has no name, or a file cannot be read or written.
            DiagnosticError: A file is not there, or the label map is none.
        """
        if not self._images:
            self._read()
        for at in range(images):
            this = image == at
            into = self._images[self._done]
            boxes = in_pixels(box[this].cpu(), into, self.resize)
            for cls, value, corners in zip(label[this], score[this], boxes, strict=True):
                self._found.append(self._detection(into, int(cls), float(value), corners))
            self._done += 1
            if self._done == self.whole:
                self._write()
                self._done, self._found = 0, []

    def _detection(self, image: Image, label: int, score: float, corners: Tensor) -> Detection:
        if label not in self._labels:
            raise ValueError(f"label {label} has no name in `{self.label_map}`")
        x1, y1, x2, y2 = map(float, corners)
        rounded = (_hundredths(value) for value in (x1, y1, x2 - x1, y2 - y1))
        return Detection(image.name, label, score, *rounded)

    def _read(self) -> None:
        labels = bind(parse(files.read(self.label_map)), LabelMap)
        self._labels = {item.label: item.name for item in labels.item}
        words = files.read(self.name_size).text.split()
        rows = zip(words[::3], words[1::3], words[2::3], strict=False)
        images = tuple(Image(name, int(height), int(width)) for name, height, width in rows)
        self.whole = len(images) if self.whole is None else self.whole
        if not 0 < self.whole <= len(images):
            raise ValueError(
                f"`{self.name_size}` names {len(images)} images, but {self.whole} are to be tested"
            )
        self._images = images

    def _write(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, text in self._texts().items():
                path = self.folder / f"{self.prefix}{name}"
                path.write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise ValueError(f"`{self.folder}` cannot be written: {error.strerror}") from error

    def _texts(self) -> dict[str, str]:
        """Return the files by the ends of their names."""
        if self.form is Format.COCO:
            return {".json": json.dumps([self._coco(d) for d in self._found])}
        if self.form is Format.ILSVRC:
            lines = [f"{d.image} {d.label} {_tail(d)}" for d in self._found]
            return {".txt": "".join(lines)}
        lines_of = defaultdict[int, str](str)
        for d in self._found:
            lines_of[d.label] += f"{d.image} {_tail(d)}"
        names = {k: name for k, name in self._labels.items() if k != self.background}
        return {f"{name}.txt": lines_of[label] for label, name in names.items()}

    def _coco(self, found: Detection) -> dict[str, object]:
        return {
            "image_id": _number(found.image),
            "category_id": _number(self._labels[found.label]),
            "bbox": [found.x, found.y, found.width, found.height],
            "score": float(f"{found.score:.7g}"),
        }


def in_pixels(box: Tensor, image: Image, resize: Resize | None) -> Tensor:
    """Return boxes ``(M, 4)`` in pixels of the image, cut at its border.

    Args:
        box: Corners as shares of what the net saw.
        image: Where the boxes are to be.
        resize: How it was resized; None for warping.
    """
    size = torch.tensor((image.width, image.height) * 2, dtype=box.dtype)
    if resize is not None and resize.mode is ResizeMode.FIT_SMALL_SIZE and all(resize.scale):
        height, width = resize.scale
        return torch.minimum((box * box.new_tensor((width, height) * 2)).clamp(min=0), size)
    if resize is not None and resize.mode is ResizeMode.FIT_LARGE_SIZE_AND_PAD:
        box = _without_padding(box, image, resize.size)
    return box.clamp(0, 1) * size


def _without_padding(box: Tensor, image: Image, size: tuple[int, int]) -> Tensor:
    """Return boxes as shares of the image, given shares of it and the padding around it."""
    (height, width), aspect = size, image.width / image.height
    wide = aspect > width / height
    x = 0 if wide else (width - height * aspect) / 2 / width
    y = (height - width / aspect) / 2 / height if wide else 0
    start, end = box.new_tensor((x, y)), box.new_tensor((1 - x, 1 - y))
    touches = ((box[:, :2] < end) & (box[:, 2:] > start)).all(1, keepdim=True)
    inner = (box - start.repeat(2)) / (end - start).repeat(2)
    return torch.where(touches, inner, box)


def _hundredths(value: float) -> float:
    return int(value * 100 + copysign(0.5, value)) / 100


def _tail(found: Detection) -> str:
    return f"{found.score:g} {' '.join(map(str, found.corners))}\n"


def _number(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isdecimal() else text
