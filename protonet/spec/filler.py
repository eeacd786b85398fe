"""Which fillers there are and which blobs they can fill (``filler.hpp``)."""

from protonet.diagnostics import did_you_mean
from protonet.layers.base import LayerError, Weight

BILINEAR_AXES = 4


def check_filler(weight: Weight) -> None:
    """Refuse a filler that cannot fill a blob.

    Raises:
        LayerError: Unknown type, or one that does not go with the blob's shape.
    """
    kind, shape = weight.filler.type, weight.shape
    if kind not in FILLERS:
        hint = did_you_mean(kind, FILLERS) or f"the types are {', '.join(sorted(FILLERS))}"
        raise LayerError(f"unknown filler type `{kind}`", help=hint)
    if kind == "bilinear" and (len(shape) != BILINEAR_AXES or shape[2] != shape[3]):
        raise LayerError(f"a bilinear filler needs a blob (N, C, K, K); this one is {shape}")
    if kind == "positive_unitball" and not shape:
        raise LayerError("a positive_unitball filler needs a blob with axes; this one has none")
    if kind == "gaussian" and weight.filler.sparse >= 0 and not shape:
        raise LayerError("a sparse gaussian filler needs a blob with axes; this one has none")
    if kind == "truncated_normal" and not weight.filler.std > 0:
        raise LayerError(
            f"a truncated_normal filler needs a `std` above 0, not {weight.filler.std:g}"
        )


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
