"""PN728."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN728")
def log_of_scores(net: View) -> Iterator[Finding]:
    """A loss of probabilities gets scores."""
    for node in net.of_type("MultinomialLogisticLoss"):
        before = net.maker(node)
        if before.type in {"InnerProduct", "Convolution", "ReLU"}:
            yield Finding(
                f"layer `{node.name}` takes the logarithm of probabilities, but `{before.name}` "
                "gives scores",
                net.place(node, "bottom"),
                "use `SoftmaxWithLoss`, or put a `Softmax` between them",
            )
