"""PN725."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN725")
def unread_data(net: View) -> Iterator[Finding]:
    """Nothing reads a top of a data layer."""
    if not any(net.graph.losses()) and not any(net.of_type("Accuracy")):
        return
    for node in net.graph.nodes:
        for at, top in enumerate(node.tops if node.layer.is_source else ()):
            if top not in net.readers:
                yield Finding(
                    f"no layer reads `{top.blob}`: Caffe prints all of its values as outputs",
                    net.place(node, "top", at),
                    f'silence it: `layer {{ type: "Silence" bottom: "{top.blob}" }}`',
                )
