"""PN726."""

from collections.abc import Iterator
from types import MappingProxyType

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

_INSIDE = MappingProxyType(
    {
        "InfogainLoss": "Softmax",
        "SigmoidCrossEntropyLoss": "Sigmoid",
        "SoftmaxWithLoss": "Softmax",
    }
)
"""What each loss does to its bottom itself."""

_SHAPES_ONLY = ("Flatten", "Reshape", "Split")


@GRAPH.rule("PN726")
def double_softmax(net: View) -> Iterator[Finding]:
    """A loss that has a softmax of its own gets probabilities."""
    for node in net.of_type(*_INSIDE):
        before = net.before(node, _SHAPES_ONLY)
        if before.type == _INSIDE[node.type]:
            yield Finding(
                f"layer `{node.name}`: `{node.type}` takes the {before.type.lower()} of its "
                f"bottom, which `{before.name}` has done already",
                net.place(node, "bottom"),
                f"give it the bottom of `{before.name}`",
            )
