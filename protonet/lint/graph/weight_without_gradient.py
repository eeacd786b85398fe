"""PN732."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN732")
def weight_without_gradient(net: View) -> Iterator[Finding]:
    """A layer without gradient has a part in the objective."""
    for node in net.graph.nodes:
        bottoms = range(len(node.bottoms))
        if any(node.spec.loss_weight) and bottoms and node.layer.no_gradient_to.issuperset(bottoms):
            yield Finding(
                f"layer `{node.name}`: nothing learns from this `loss_weight`: `{node.type}` has "
                "no gradient",
                net.place(node, "loss_weight"),
                "Caffe ends with an error here",
            )
