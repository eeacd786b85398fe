"""Databases of AnnotatedDatum records, images with boxes, as SSD's `convert_annoset` writes them.

AnnotatedDatum: 1 datum, 2 type, 3 annotation_group. AnnotationGroup: 1 group_label, 2 annotation.
Annotation: 1 instance_id, 2 bbox. NormalizedBBox: 1 xmin, 2 ymin, 3 xmax, 4 ymax, 6 difficult.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np
from protonet.data.datum import Datum, scan
from protonet.data.sources.database import DatumReader, Store
from protonet.data.sources.images import Colour
from protonet.shape import Shape
from protonet.weights.scan import Field, MalformedError, Scanner, Wire

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = 7
"""Of a box: label, instance, x1, y1, x2, y2, difficult; corners are shares of the image."""

_CORNERS = 4
_DIFFICULT = 6


class Annotated(NamedTuple):
    """One record.

    Attributes:
        pixels: ``(C, H, W)``, channels in the order blue, green, red.
        label: Of the whole image, where there are no boxes.
        boxes: ``(M, 7)``.
    """

    pixels: "NDArray[np.uint8 | np.float32]"
    label: float
    boxes: "NDArray[np.float32]"


class AnnotatedReader:
    """The images and boxes of a database, in the order of keys; see `Reader`.

    Args:
        store: The database.
        colour: What encoded images become.
        has_boxes: Records have boxes even if they do not say so; else the first one decides.

    Attributes:
        has_boxes: Whether records have boxes, be it none, and not labels.
        first_boxes: How many boxes the first record has, but at least 1.

    Raises:
        DiagnosticError: PN503, the database is empty; PN504, its first record is unreadable.
    """

    def __init__(self, store: Store, colour: Colour, *, has_boxes: bool = False) -> None:
        self.name = str(store.path)
        self._records = DatumReader(store, colour)
        self._is_told = has_boxes
        key, record = next(self._records.raw_records((0,)))
        first = self._parse(key, record)
        self.has_boxes = has_boxes or first.is_typed
        self.first_boxes = max(1, len(first.boxes))

    def __len__(self) -> int:
        return len(self._records)

    def shape(self) -> Shape:
        """Return channels, height and width of the first image."""
        return next(self.read((0,))).pixels.shape

    def read(self, indices: Sequence[int]) -> Iterator[Annotated]:
        """Yield these images with their boxes.

        Raises:
            DiagnosticError: PN504, a record is no AnnotatedDatum.
        """
        for key, record in self._records.raw_records(indices):
            datum, is_typed, boxes = self._parse(key, record)
            if self.has_boxes and not (is_typed or self._is_told):
                raise self._records.bad(key, "has no type of annotation, but the first record has")
            yield Annotated(self._records.decoded(key, datum), datum.label, boxes)

    def label(self, index: int) -> str:
        """Return what an image is called: its key."""
        return self._records.label(index)

    def _parse(self, key: bytes, record: memoryview) -> "Parsed":
        try:
            return parse_annotated(record)
        except MalformedError as error:
            raise self._records.bad(key, f"is no AnnotatedDatum: {error}") from error


class Parsed(NamedTuple):
    """What the bytes of an AnnotatedDatum say.

    Attributes:
        datum: The image; a view.
        is_typed: It says of what type its annotations are.
        boxes: ``(M, 7)``.
    """

    datum: Datum
    is_typed: bool
    boxes: "NDArray[np.float32]"


def parse_annotated(record: memoryview) -> Parsed:
    """Read an AnnotatedDatum.

    Raises:
        MalformedError: It is none, or has no Datum.
    """
    datum: Datum | None = None
    is_typed = False
    rows: list[_Row] = []
    data = bytes(record)
    scanner = Scanner(data, 0, len(data))
    for field in scanner:
        if field.number == 1 and field.wire is Wire.LEN:
            datum = scan(record[field.start : field.end])
        elif field.number == 2 and field.wire is Wire.VARINT:  # noqa: PLR2004 # type
            if scanner.integer(field):
                raise MalformedError(f"its annotations are of type {scanner.integer(field)}")
            is_typed = True
        elif field.number == 3 and field.wire is Wire.LEN:  # noqa: PLR2004 # annotation_group
            rows += _group(scanner.message(field))
    if datum is None:
        raise MalformedError("it has no image")
    return Parsed(datum, is_typed, np.array(rows, np.float32).reshape(-1, COLUMNS))


_Row = tuple[float, ...]


def _group(group: Scanner) -> list[_Row]:
    label, rows = 0, list[_Row]()
    for field in group:
        if field.number == 1 and field.wire is Wire.VARINT:
            label = group.integer(field)
        elif field.number == 2 and field.wire is Wire.LEN:  # noqa: PLR2004 # annotation
            rows.append(_annotation(group.message(field)))
    return [(label, *row) for row in rows]


def _annotation(annotation: Scanner) -> _Row:
    instance, box = 0, (0.0,) * (_CORNERS + 1)
    for field in annotation:
        if field.number == 1 and field.wire is Wire.VARINT:
            instance = annotation.integer(field)
        elif field.number == 2 and field.wire is Wire.LEN:  # noqa: PLR2004 # bbox
            box = _box(annotation.message(field))
    return (instance, *box)


def _box(box: Scanner) -> _Row:
    """Return the corners, and if it is difficult."""
    values = [0.0] * (_CORNERS + 1)
    for field in box:
        if 1 <= field.number <= _CORNERS and field.wire is Wire.I32:
            values[field.number - 1] = _float(box, field)
        elif field.number == _DIFFICULT and field.wire is Wire.VARINT:
            values[_CORNERS] = float(bool(box.integer(field)))
    return tuple(values)


def _float(box: Scanner, field: Field) -> float:
    return struct.unpack("<f", box.data[field.start : field.end])[0]
