"""PN721."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint._in_place import KEEPS_SIGN, NEEDS_TOP
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN721")
def overwritten_top(net: View) -> Iterator[Finding]:
    """A layer in place overwrites what the layer before it needs for its gradient."""
    if not net.is_trained:
        return
    for node in net.in_place:
        before = net.maker(node)
        if before.key in net.backward and _needs_top(net, before, node):
            yield Finding(
                f"layer `{node.name}` overwrites the top of `{before.name}`, which Caffe's "
                f"gradient of `{before.type}` is computed from",
                net.place(node, "top"),
                "here the gradient is right; for Caffe, give the top a name of its own",
            )


def _needs_top(net: View, node: Node, after: Node) -> bool:
    if node.type == "ReLU":  # only in place is its bottom, which it reads, its top
        return node in net.in_place and after.type not in KEEPS_SIGN
    return node.type in NEEDS_TOP
