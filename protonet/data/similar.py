"""Records of raw pixels that differ in nothing but pixels and label, cut without being scanned."""

from typing import NamedTuple

from protonet.data._lazy import np
from protonet.data.datum import Datum
from protonet.data.sources.base import Image
from protonet.shape import Shape

_LONGEST_HEAD = 64
_LONGEST_TAIL = 32
_MOST_TAILS = 2**16


class _Form(NamedTuple):
    """What such records share.

    Attributes:
        head: All before the pixels.
        start: Where they start.
        end: Where they end.
        shape: Channels, height, width.
        labels: The label, by what follows the pixels.
    """

    head: bytes
    start: int
    end: int
    shape: Shape
    labels: dict[bytes, int]


class Similar:
    """Cuts records at the places where the last one of their form was cut.

    A database of raw images has the same bytes around the pixels of each, but for the label.
    """

    def __init__(self) -> None:
        self._form: _Form | None = None  # one reference: threads may share it

    def cut(self, record: memoryview) -> Image | None:
        """Return the image in a record, a view; None if it must be scanned."""
        form = self._form
        if form is None or len(record) < form.end or record[: form.start].tobytes() != form.head:
            return None
        label = form.labels.get(record[form.end :].tobytes())
        if label is None:
            return None
        pixels = np.frombuffer(record, np.uint8, form.end - form.start, form.start)
        return Image(pixels.reshape(form.shape), label)

    def learn(self, record: memoryview, datum: Datum, start: int) -> None:
        """Remember the form of a record of raw pixels that was scanned.

        Args:
            record: Its bytes.
            datum: What they say; found good.
            start: Where its data starts.
        """
        end = start + len(datum.data)
        is_raw = len(datum.data) and not datum.encoded and datum.floats is None
        if not is_raw or start > _LONGEST_HEAD or len(record) - end > _LONGEST_TAIL:
            return
        head, form = record[:start].tobytes(), self._form
        if form is None or form.head != head or len(form.labels) >= _MOST_TAILS:
            form = self._form = _Form(head, start, end, datum.shape, {})
        form.labels[record[end:].tobytes()] = datum.label
