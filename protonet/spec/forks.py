"""What forks of Caffe added to its messages: facts of their formats, from ``forks.tsv``.

One number means different things in different forks, so there is no schema of all of them. A field
without a number is known from texts only; a message that is not known is ``bytes``.
"""

from collections.abc import Mapping
from csv import DictReader
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

BASES = MappingProxyType(
    {"deeplab": "pspnet", "intel": "ssd", "mobilenet_ssd": "ssd", "nvidia": "ssd"}
)
"""Forks that also have the messages of another, but for those that they list themselves."""

NAMES = MappingProxyType(
    {
        "cbp": "compact bilinear pooling",
        "cmu": "CMU pose estimation",
        "deeplab": "DeepLab",
        "flownet2": "FlowNet2",
        "happynear": "happynear",
        "intel": "Intel",
        "mobilenet_ssd": "MobileNet-SSD",
        "ncnn": "ncnn",
        "nvidia": "NVIDIA",
        "pspnet": "PSPNet",
        "pytorch_to_caffe": "PytorchToCaffe",
        "rfcn": "R-FCN",
        "segnet": "SegNet",
        "ssd": "SSD",
        "yjxiong": "yjxiong",
    }
)
"""What people call them."""


class ForkField(NamedTuple):
    """One field that a fork has and BVLC's Caffe has not, or has under another number."""

    fork: str
    message: str
    field: str
    number: int | None
    label: str
    type: str
    default: str


@cache
def fields() -> tuple[ForkField, ...]:
    """Return all of them, by fork."""
    with Path(__file__).with_name("forks.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(
            ForkField(
                row["fork"],
                row["message"],
                row["field"],
                int(row["number"]) if row["number"] else None,
                row["label"],
                row["type"],
                row["default"],
            )
            for row in DictReader(file, delimiter="\t")
        )


@cache
def owners() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the forks that have a field, by the message and its name."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for one in fields():
        found.setdefault((one.message, one.field), {})[one.fork] = None
    return {key: tuple(forks) for key, forks in found.items()}


@cache
def numbers() -> Mapping[str, frozenset[int]]:
    """Return the numbers that forks gave to each field of LayerParameter."""
    found: dict[str, set[int]] = {}
    for one in fields():
        if one.message == "LayerParameter" and one.number is not None:
            found.setdefault(one.field, set()).add(one.number)
    return {name: frozenset(given) for name, given in found.items()}


def called(forks: tuple[str, ...]) -> str:
    """Return how a sentence names forks: "the DeepLab and PSPNet forks"."""
    *others, last = [NAMES[fork] for fork in forks[:3]]
    names = f"{', '.join(others)} and {last}" if others else last
    return f"the {names} fork{'s' if others else ''}"
