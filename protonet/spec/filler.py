"""Which fillers there are and which blobs they can fill (``filler.hpp``)."""

from collections.abc import Iterator

from protonet.diagnostics import did_you_mean
from protonet.layers.base import LayerError, Weight
from protonet.message.common import FillerParameter
from protonet.shape import Shape

BILINEAR_AXES = 4
DENSE = -1
"""The ``sparse`` that is none."""


def check_filler(weight: Weight, *field: str | int) -> None:
    """Refuse a filler that cannot fill a blob.

    Args:
        weight: The blob and its filler.
        field: The path of the filler below the layer, for the place.

    Raises:
        LayerError: Unknown type, numbers that it cannot draw from, or one that does not go with the
            blob's shape.
    """
    kind, shape = weight.filler.type, weight.shape
    if kind not in FILLERS:
        hint = did_you_mean(kind, FILLERS) or f"the types are {', '.join(sorted(FILLERS))}"
        raise LayerError(f"unknown filler type `{kind}`", help=hint, field=(*field, "type"))
    faults = (*_numbers(weight.filler), *_sparse(weight.filler, shape), *_shape(kind, shape))
    for at, message in faults:
        raise LayerError(message, field=(*field, at))


def _numbers(filler: FillerParameter) -> Iterator[tuple[str, str]]:
    if filler.type in {"gaussian", "truncated_normal"} and not filler.std > 0:
        yield "std", f"a {filler.type} filler needs a `std` above 0, not {filler.std:g}"
    if filler.type == "uniform" and not filler.min <= filler.max:
        least, most = f"{filler.min:g}", f"{filler.max:g}"
        yield "min", f"the `min` {least} of a uniform filler is above its `max` {most}"


def _sparse(filler: FillerParameter, shape: Shape) -> Iterator[tuple[str, str]]:
    if filler.sparse == DENSE:
        return
    if filler.type != "gaussian":
        yield "sparse", f"`sparse` goes with a gaussian filler only, not with `{filler.type}`"
    elif filler.sparse < 0:
        yield "sparse", f"`sparse` {filler.sparse} must be at least 0, or {DENSE} for no zeros"
    elif not shape:
        yield "type", "a sparse gaussian filler needs a blob with axes; this one has none"
    elif filler.sparse > shape[0]:
        yield (
            "sparse",
            f"`sparse` {filler.sparse} is more than the {shape[0]} outputs of a blob {shape}",
        )


def _shape(kind: str, shape: Shape) -> Iterator[tuple[str, str]]:
    if kind == "bilinear" and (len(shape) != BILINEAR_AXES or shape[2] != shape[3]):
        yield "type", f"a bilinear filler needs a blob (N, C, K, K); this one is {shape}"
    if kind in {"msra", "positive_unitball", "xavier"} and not shape:
        yield "type", f"the filler `{kind}` needs a blob with axes; this one has none"


FILLERS = frozenset(
    (
        "bilinear",
        "constant",
        "gaussian",
        "glorot_normal",
        "msra",
        "positive_unitball",
        "truncated_normal",
        "uniform",
        "xavier",
    )
)
"""Caffe's, and two of its users' wishes: ``glorot_normal`` and ``truncated_normal``."""
