"""PN750."""

from collections.abc import Iterator

from protonet.diagnostics import Label
from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import PHASES, Phases, View
from protonet.message.base import Message
from protonet.shape import Shape

_MAY_DIFFER = frozenset(("use_global_stats", "moving_average_fraction", "engine"))
"""Fields that a layer may well have other values of in TEST; so may every filler."""


@PHASES.rule("PN750")
def other_parameters(net: Phases) -> Iterator[Finding]:
    """TRAIN and TEST have two layers of one name that share weights, but not all parameters."""
    trained = {node.name: node for node in net.train.graph.nodes if net.train.blobs(node)}
    both = {node.index for node in net.train.graph.nodes}
    for node in net.test.graph.nodes:
        other = trained.get(node.name)
        if other is None or node.index in both or not net.test.blobs(node):
            continue
        said = _difference(net, node, other)
        if said:
            yield Finding(
                f"layer `{node.name}` of TEST takes the weights of the one of TRAIN, but {said}",
                net.test.place(node, "name"),
                "make the two equal, or give them different names",
                more=(Label(net.train.place(other, "name"), "in TRAIN"),),
            )


def _difference(net: Phases, node: Node, other: Node) -> str:
    ours, theirs = _shapes(net.test, node), _shapes(net.train, other)
    if ours != theirs:
        return f"its blobs are {ours}, not {theirs}"
    fields = sorted(_values(node).items() ^ _values(other).items())
    return f"`{fields[0][0]}` differs" if fields else ""


def _shapes(net: View, node: Node) -> str:
    shapes: list[Shape] = [blob.shape for blob in net.shapes.weights[node.key]]
    return " ".join(map(str, shapes))


def _values(node: Node) -> dict[str, str]:
    """Return what a layer's messages say, by field, but for what does not matter."""
    messages: list[Message] = list(node.spec.param_messages.values())
    return {
        field: repr(getattr(message, field))
        for message in messages
        for field in message.model_fields_set - _MAY_DIFFER
        if not field.endswith("filler") and type(message).model_fields[field].default is not None
    }
