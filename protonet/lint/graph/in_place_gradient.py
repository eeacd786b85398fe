"""PN720."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.power import Power

_WRONG = MappingProxyType(
    {
        "BNLL": "gradient",
        "Clip": "gradient",
        "Convolution": "result",
        "Deconvolution": "result",
        "Eltwise": "result",
        "InnerProduct": "result",
        "LRN": "gradient",
        "Log": "gradient",
        "Pooling": "result",
        "Power": "gradient",
    }
)
"""What Caffe gets wrong of a layer in place; it says nothing."""


@GRAPH.rule("PN720")
def in_place_gradient(net: View) -> Iterator[Finding]:
    """A layer works in place, although Caffe computes something wrong then."""
    for node in net.in_place:
        wrong = _WRONG.get(node.type)
        if wrong and not _is_safe(node):
            if wrong == "gradient" and node.key not in net.backward:
                continue
            yield Finding(
                f"layer `{node.name}`: in place, Caffe's `{node.type}` gives a wrong {wrong}",
                net.place(node, "top"),
                "here it is right; for Caffe, give the top a name of its own",
            )


def _is_safe(node: Node) -> bool:
    # cast: the type says so
    return node.type == "Power" and cast("Power", node.layer).power_param.power in (0, 1)
