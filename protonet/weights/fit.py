"""How a stored blob becomes a parameter: as it is, reshaped, or a part of its classes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from protonet.layers.convolution import ConvolutionParameter
from protonet.layers.inner_product import InnerProductParameter
from protonet.shape import Shape, count
from protonet.spec.net import LayerParameter
from protonet.weights.loading import Adapt, Loading
from protonet.weights.stored import ArrayBlob, Blob, StoredLayer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEGACY_AXES = 4
_FLAT_TYPES = ("", "Convolution", "InnerProduct", "conv", "innerproduct")
"""Types whose weights have a row an output; a file of torch's has none, one of 2013 the last."""


class Part(NamedTuple):
    """The first ``length`` of an axis."""

    axis: int
    length: int


@dataclass(frozen=True, slots=True)
class Fit:
    """What is copied into a parameter.

    Attributes:
        blob: The values.
        note: What was done to them, for the report.
        part: Where in the parameter they go; None for all of it.
    """

    blob: Blob
    note: str = ""
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """What of a layer of the net decides how its blobs may be adapted.

    Attributes:
        flat: The rows of the weight may be flattened, as an InnerProduct's, or not, as a
            Convolution's: the values stand in the same order.
        class_axis: The axis of the weight that counts the outputs.
        adapt: What to do where the file has other classes.
    """

    flat: bool = False
    class_axis: int = 0
    adapt: Adapt | None = None


PLAIN = Form()


def forms(layers: Iterable[LayerParameter], loading: Loading) -> Mapping[str, Form]:
    """Return how each layer may be adapted, by name."""
    return {
        layer.name: Form(_is_flat(layer), _class_axis(layer), loading.adapts(layer.name))
        for layer in layers
    }


def _is_flat(layer: LayerParameter) -> bool:
    match layer.param_message("convolution_param"):
        case ConvolutionParameter() as p if p.group > 1:
            return False
        case _:
            return layer.type == "Convolution" or (
                layer.type == "InnerProduct" and not _is_transposed(layer)
            )


def _class_axis(layer: LayerParameter) -> int:
    return int(layer.type == "Deconvolution" or _is_transposed(layer))


def _is_transposed(layer: LayerParameter) -> bool:
    p = layer.param_message("inner_product_param")
    return layer.type == "InnerProduct" and isinstance(p, InnerProductParameter) and p.transpose


def of_file(form: Form, layer: StoredLayer) -> Form:
    """Return a form as far as the file's layer, of perhaps another type, goes along."""
    return form if layer.type in _FLAT_TYPES else replace(form, flat=False)


def fit(shape: Shape, blob: Blob, form: Form = PLAIN) -> Fit | None:
    """Tell how a blob goes into a parameter of that shape; None if it does not.

    A blob of equal shape goes in as it is, and one of the old four numbers into any shape of at
    most four axes that is equal when ones are put before it (``blob.cpp``, ShapeEquals). Beyond
    Caffe, an InnerProduct's weights go into a Convolution and back, and a rule of the layer's lets
    a part of the classes go in.
    """
    for stored in _views(shape, blob, form):
        if stored == shape:
            note = "" if stored == blob.shape else f"reshaped from {blob.shape}"
            return Fit(replace(blob, shape=shape), _notes(blob.note, note))
        found = _part(shape, blob, stored, form)
        if found is not None:
            return found
    return None


def _views(shape: Shape, blob: Blob, form: Form) -> Iterator[Shape]:
    """Yield the shapes that a blob may be seen in, each of as many axes as ``shape``."""
    stored = blob.shape
    if blob.legacy and len(shape) <= _LEGACY_AXES:
        extra = _LEGACY_AXES - len(shape)
        stored = stored[extra:] if stored[:extra] == (1,) * extra else stored
    if len(stored) == len(shape):
        yield stored
    if not form.flat or len(shape) < 2:  # noqa: PLR2004 # no weight
        return
    # An old InnerProduct's weights are (1, 1, rows, columns).
    matrix = blob.shape[2:] if blob.legacy and blob.shape[:2] == (1, 1) else blob.shape
    for view in (blob.shape, matrix):
        is_flat = 2 in (len(view), len(shape))  # noqa: PLR2004 # rows and columns
        if is_flat and len(view) > 1 and count(view[1:]) == count(shape[1:]):
            yield (view[0], *shape[1:])


def _part(shape: Shape, blob: Blob, stored: Shape, form: Form) -> Fit | None:
    axis = form.class_axis if len(shape) > 1 else 0
    if form.adapt is None or not shape or _without(stored, axis) != _without(shape, axis):
        return None
    have, want = stored[axis], shape[axis]
    if form.adapt is Adapt.FIRST and have > want:
        part = Part(axis, want)
        taken = ArrayBlob(shape, lambda: _first(blob, stored, part))
        return Fit(taken, _notes(blob.note, f"the first {want} of {have}"))
    if form.adapt is Adapt.PAD and have < want:
        note = f"{have} of {want}, the others are left at the filler"
        return Fit(replace(blob, shape=stored), _notes(blob.note, note), Part(axis, have))
    return None


def _first(blob: Blob, stored: Shape, part: Part) -> "NDArray[np.float32]":
    import numpy as np  # noqa: PLC0415 # what compares shapes must not wait for it

    whole = (slice(None),) * part.axis
    return np.ascontiguousarray(blob.array().reshape(stored)[*whole, : part.length])


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _notes(*notes: str) -> str:
    return ", ".join(note for note in notes if note)


def advice(layer: str, shape: Shape, blob: Blob, form: Form) -> str:
    """Return the rule to use where a blob does not fit."""
    learn = f"`--reinit {layer}` learns the layer anew"
    for adapt in Adapt:
        found = fit(shape, blob, replace(form, adapt=adapt))
        if found is not None:
            return f"`--adapt {layer}={adapt}` takes {found.note}; {learn}"
    return f"{learn}; or give it the file's shape"
