"""PN733."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN733")
def repeated_bottom(net: View) -> Iterator[Finding]:
    """A layer that compares or joins blobs has one of them twice."""
    for node in net.graph.nodes:
        if node.type in {"Eltwise", "Accuracy"} or node.layer.is_loss:
            for at in range(1, len(node.bottoms)):
                if node.bottoms[at] in node.bottoms[:at]:
                    yield Finding(
                        f"layer `{node.name}` has bottom `{node.bottoms[at].blob}` twice",
                        net.place(node, "bottom", at),
                        "is another blob meant?",
                    )
