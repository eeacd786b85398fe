"""PN723."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed


@GRAPH.rule("PN723")
def nothing_learned(net: View) -> Iterator[Finding]:
    """A layer could learn, but no loss depends on it."""
    if not net.is_trained or any(node.spec.propagate_down for node in net.graph.nodes):
        return
    idle = [
        node
        for node in net.graph.nodes
        if node.key not in net.backward and any(blob.lr_mult for blob in net.blobs(node))
    ]
    if idle:
        names = listed(dict.fromkeys(node.name for node in idle))
        verb = "learns" if len(idle) == 1 else "learn"
        yield Finding(
            f"{names} {verb} nothing: no loss depends on it",
            net.place(idle[0], "top"),
            "is a bottom misspelt further down, or a loss missing?",
        )
