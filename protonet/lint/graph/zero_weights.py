"""PN734."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed

_MOST = 0.5
"""The part of a net's layers that may lack a filler: where more do, weights are to be loaded."""


@GRAPH.rule("PN734")
def zero_weights(net: View) -> Iterator[Finding]:
    """A layer begins with weights of 0, though others of the net have a filler."""
    if net.loads or not net.is_trained:
        return
    learning = [node for node in net.graph.nodes if _learns(net, node)]
    keys = {node.key for node in learning}
    # The last layer may begin with 0: its gradient is that of its bottom.
    zero = [
        node
        for node in learning
        if not net.blobs(node)[0].weight.filler.model_fields_set
        and net.leads_to(node, lambda other: other.key in keys)
    ]
    if zero and len(zero) < _MOST * len(learning):
        names = listed(dict.fromkeys(node.name for node in zero))
        verb = "begins" if len(zero) == 1 else "begin"
        yield Finding(
            f"{names} {verb} with weights of 0: `weight_filler` is not set",
            net.place(zero[0], "type"),
            'all outputs stay equal then; write `weight_filler { type: "xavier" }`',
        )


def _learns(net: View, node: Node) -> bool:
    """Tell whether it has a matrix or kernels that learn."""
    blobs = net.blobs(node)
    return bool(blobs) and len(blobs[0].weight.shape) > 1 and blobs[0].lr_mult > 0
