"""Data sets that ship with the package: ``source: "builtin:digits/train"``."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from protonet.data import digits
from protonet.data._lazy import np
from protonet.data.faults import Fault, fault
from protonet.data.sources.base import Pixels
from protonet.diagnostics import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "builtin:"
"""How the name of such a source begins."""

SHAPE = digits.SHAPE
"""Channels, height and width of all of them."""

_CLASSES = {"digits": (0, 10), "digits-0-4": (0, 5), "digits-5-9": (5, 10)}
_SPLITS = {"train": slice(0, digits.TRAIN), "test": slice(digits.TRAIN, None)}

COUNTS: Mapping[str, int] = MappingProxyType(
    {
        "builtin:digits/train": digits.TRAIN,
        "builtin:digits/test": digits.TEST,
        "builtin:digits-0-4/train": 650,
        "builtin:digits-0-4/test": 251,
        "builtin:digits-5-9/train": 647,
        "builtin:digits-5-9/test": 249,
    }
)
"""How many images each has: counting them would take numpy."""

NAMES = tuple(f"{PREFIX}{name}/{split}" for name in _CLASSES for split in _SPLITS)
"""All there are."""


def check_name(source: str) -> None:
    """See that there is such a data set.

    Raises:
        DiagnosticError: PN501, there is none.
    """
    if source not in NAMES:
        raise fault(
            Fault.NO_SOURCE,
            f"there is no built-in data set `{source}`",
            help=did_you_mean(source, NAMES) or f"there are {', '.join(f'`{n}`' for n in NAMES)}",
        )


def classes(source: str) -> int:
    """Return how many classes a data set has; its labels are the numbers below."""
    first, end = _CLASSES[source.removeprefix(PREFIX).split("/")[0]]
    return end - first


def read_builtin(source: str) -> Pixels:
    """Return a data set in its stored, well mixed order; the labels of a part start at 0.

    Raises:
        DiagnosticError: PN501, there is none of that name.
    """
    check_name(source)
    name, split = source.removeprefix(PREFIX).split("/")
    images, labels = digits.load()
    images, labels = images[_SPLITS[split]], labels[_SPLITS[split]]
    first, end = _CLASSES[name]
    members: NDArray[np.bool_] = (labels >= first) & (labels < end)
    return Pixels(source, images[members], (labels[members] - first).astype(np.float32))
