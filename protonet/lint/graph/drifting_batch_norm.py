"""PN735."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint._batch_norm import by_batch
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed


@GRAPH.rule("PN735")
def drifting_batch_norm(net: View) -> Iterator[Finding]:
    """The layers around a BatchNorm are frozen, but its statistics move."""
    if not net.is_trained:
        return
    moving = [node for node in by_batch(net) if _is_frozen(net, node)]
    if moving and any(blob.lr_mult for blob in net.resolved.ownership.owned):
        names = listed(dict.fromkeys(node.name for node in moving))
        verb = "follows" if len(moving) == 1 else "follow"
        yield Finding(
            f"{names} {verb} the batches though the layers around are frozen",
            net.place(moving[0], "type"),
            "`batch_norm_param { use_global_stats: true }` keeps the statistics as they are",
        )


def _is_frozen(net: View, node: Node) -> bool:
    before = net.before(node, ("Pooling", "ReLU", "Eltwise", "Concat"))
    scales = [other for other in net.after(node) if other.type == "Scale"]
    around = [other for other in (before, *scales) if net.blobs(other)]
    return bool(net.blobs(before)) and not any(
        blob.lr_mult for other in around for blob in net.blobs(other)
    )
