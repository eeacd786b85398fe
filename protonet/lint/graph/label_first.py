"""PN729."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN729")
def label_first(net: View) -> Iterator[Finding]:
    """The bottoms of a loss are in the wrong order."""
    for node in net.graph.nodes if net.is_trained else ():
        if not node.layer.is_loss or 1 not in node.layer.no_gradient_to:
            continue
        target, scores = net.maker(node), net.maker(node, 1)
        if target.layer.is_source and _has_blobs(net, scores):
            yield Finding(
                f"layer `{node.name}`: no gradient goes to bottom 1, `{node.bottoms[1].blob}`, "
                "but to the data in bottom 0",
                net.place(node, "bottom"),
                "scores come first, labels second",
            )


def _has_blobs(net: View, node: Node) -> bool:
    """Tell whether a layer, or one before it, has weights."""
    seen = {node.key}
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if net.blobs(one):
            return True
        makers = [net.makers[bottom] for bottom in one.bottoms]
        waiting += [maker for maker in makers if maker.key not in seen]
        seen |= {maker.key for maker in makers}
    return False
