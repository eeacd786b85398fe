"""Which record gave a layer a number that it refuses."""

from collections.abc import Mapping

from torch import Tensor

from protonet.data.feed import Feed
from protonet.graph.infer import Shapes
from protonet.graph.ir import Node
from protonet.ops.labels import OutOfRangeError


def culprit(
    node: Node, error: Exception, read: Mapping[str, Tensor], shapes: Shapes, feed: Feed
) -> str:
    """Tell from where a layer has an index out of range, if it is a data layer's as it is.

    Args:
        node: The layer.
        error: What it raised.
        read: What was read for this run, by blob.
        shapes: Of the net.
        feed: Of the net.
    """
    if not isinstance(error, OutOfRangeError):
        return ""
    for value in node.bottoms:
        rows = read.get(value.blob)
        if rows is None or not rows.dim():
            continue
        found = (rows.long() == error.index).nonzero()
        if len(found):
            # Several batches may have been joined, as those of `iter_size` are.
            batches = max(1, len(rows) // shapes.values[value][0])
            at, row = divmod(int(found[0][0]), len(rows) // batches)
            called = feed.called(value.blob, row, batches - at)
            return f"{called} has it in `{value.blob}`; they count from 0" if called else ""
    return ""
