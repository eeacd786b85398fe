"""PN731."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.accuracy import Accuracy


@GRAPH.rule("PN731")
def trivial_accuracy(net: View) -> Iterator[Finding]:
    """An accuracy counts every answer as right."""
    for node in net.of_type("Accuracy"):
        param = cast("Accuracy", node.layer).accuracy_param  # the type says so
        classes = net.shape(node.bottoms[0])[param.axis]
        if param.has("top_k") and param.top_k == classes:
            yield Finding(
                f"layer `{node.name}` counts every answer: `top_k` is {param.top_k}, and there are "
                f"{classes} classes",
                net.place(node, "accuracy_param", "top_k"),
            )
