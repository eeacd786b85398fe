"""PN743."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed

_MANY = 4
"""How many biases without decay there are for each with, if that one was forgotten."""


@GRAPH.rule("PN743")
def uneven_decay(net: View) -> Iterator[Finding]:
    """A bias decays, though those of the other layers do not."""
    if not net.is_trained:
        return
    biases = [
        node
        for node in net.of_type("Convolution", "InnerProduct")
        if len(net.blobs(node)) > 1 and net.blobs(node)[1].lr_mult
    ]
    decaying = [node for node in biases if net.blobs(node)[1].decay_mult]
    if decaying and len(biases) - len(decaying) >= _MANY * len(decaying):
        yield _finding(net, decaying, len(biases) - len(decaying))


def _finding(net: View, decaying: list[Node], others: int) -> Finding:
    names = listed(dict.fromkeys(node.name for node in decaying))
    return Finding(
        f"the bias of {names} decays, those of {others} other layers do not",
        net.place(decaying[0], "param", 1),
        "give it `decay_mult: 0`, too",
    )
