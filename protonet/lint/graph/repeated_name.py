"""PN745."""

from collections.abc import Iterator

from protonet.diagnostics import Label
from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN745")
def repeated_name(net: View) -> Iterator[Finding]:
    """Layers with weights have one name."""
    first: dict[str, Node] = {}
    for node in net.graph.nodes:
        if not net.blobs(node):
            continue
        if node.name in first:
            other = net.place(first[node.name], "name")
            yield Finding(
                f"two layers with weights are called `{node.name}`: a file of weights gives its "
                "blobs to the first",
                net.place(node, "name"),
                "give each a name of its own",
                more=(Label(other, "the first"),),
            )
        first.setdefault(node.name, node)
