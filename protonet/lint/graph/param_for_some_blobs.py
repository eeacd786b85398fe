"""PN744."""

from collections.abc import Iterator

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View


@GRAPH.rule("PN744")
def param_for_some_blobs(net: View) -> Iterator[Finding]:
    """A layer has a `param` for its weights, but none for its bias."""
    for node in net.graph.nodes if net.is_trained else ():
        specs = node.spec.param
        rest = [blob for blob in net.blobs(node)[len(specs) :] if blob.weight.learnable]
        if specs and rest and any(spec.lr_mult != 1 for spec in specs):
            yield _finding(net, node, len(specs))


def _finding(net: View, node: Node, given: int) -> Finding:
    said = node.spec.param[given - 1].lr_mult
    return Finding(
        f"blob {given} of layer `{node.name}` has no `param` and learns with `lr_mult: 1`; the one "
        f"before has {said:g}",
        net.place(node, "param"),
        "write a `param { }` for each blob: weights, then bias",
    )
