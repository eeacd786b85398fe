"""What the source of a layer is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from protonet.export.source.text import call
from protonet.shape import Shape


class NoFormError(Exception):
    """A layer cannot be written in plain torch; the message says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the source of a layer goes.

    Attributes:
        name: The attribute that it may have, as ``self.conv1``.
        bottoms: Code for each bottom: a variable, or a call.
        shapes: The bottoms' shapes.
        tops: The tops' shapes.
        blobs: Its blobs, in Caffe's order.
    """

    name: str
    bottoms: tuple[str, ...]
    shapes: tuple[Shape, ...]
    tops: tuple[Shape, ...]
    blobs: tuple[Tensor, ...]

    @property
    def x(self) -> str:
        """The first bottom."""
        return self.bottoms[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first bottom."""
        return self.shapes[0]


@dataclass(frozen=True, slots=True)
class Form:
    """The source of a layer.

    Attributes:
        top: Code for its top; for several of them, for the tuple.
        init: Code that makes the module or parameter that it keeps, if any.
        state: What of it is in the ``state_dict``, by the names below its attribute.
        note: What a reader should know, beyond the code.
        no_onnx: Why it has no ONNX, if it has none.
    """

    top: str
    init: str = ""
    state: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    note: str = ""
    no_onnx: str = ""


Writer = Callable[[Any, Site], Form]
"""Takes the module of a layer, of the type that it is listed under."""
Forms = Mapping[type[nn.Module], Writer]


def module(site: Site, init: str, state: Mapping[str, Tensor] | None = None) -> Form:
    """Return a layer that is one call of a module with its bottoms."""
    return Form(call(site.name, *site.bottoms), init, state or {})


def learned(*tensors: Tensor) -> dict[str, Tensor]:
    """Return a state of a weight and perhaps a bias."""
    names: tuple[str, ...] = ("weight", "bias")
    return dict(zip(names, tensors, strict=False))


def four_axes(site: Site, at: int = 0) -> str:
    """Return code for a bottom as ``(N, C, H, W)``."""
    return site.bottoms[at] if len(site.shapes[at]) == 4 else call("four_axes", site.bottoms[at])  # noqa: PLR2004 # N, C, H, W
