"""PN730."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.softmax_with_loss import SoftmaxWithLoss


@GRAPH.rule("PN730")
def single_class(net: View) -> Iterator[Finding]:
    """A softmax has one class to choose from."""
    for node in net.of_type("SoftmaxWithLoss"):
        scores = net.shape(node.bottoms[0])
        # cast: the type says so
        axis = cast("SoftmaxWithLoss", node.layer).softmax_param.axis
        if scores[axis] == 1:
            yield Finding(
                f"layer `{node.name}` is always 0: `{node.bottoms[0].blob}` is {scores}, which is "
                "a single class",
                net.place(node, "bottom"),
                "for two classes give it two scores, or use `SigmoidCrossEntropyLoss`",
            )
