"""PN724."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN724")
def all_frozen(net: View) -> Iterator[Finding]:
    """A net has a loss and weights, but all of them are frozen."""
    owned = [blob for blob in net.resolved.ownership.owned if blob.weight.learnable]
    if net.is_trained and owned and not any(blob.lr_mult for blob in owned):
        node = next(node for node in net.graph.nodes if any(node.loss_weights))
        yield Finding(
            "training changes nothing: every blob has `lr_mult: 0`",
            net.place(node, "type"),
            "give the layers that are to learn another `lr_mult`",
        )
