"""PN722."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.diagnostics import Label
from protonet.graph.ir import Node
from protonet.lint._in_place import NEEDS_BOTTOM
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.eltwise import Eltwise


@GRAPH.rule("PN722")
def overwritten_bottom(net: View) -> Iterator[Finding]:
    """A layer in place overwrites a blob that another layer reads, too."""
    if not net.is_trained:
        return
    for node in net.in_place:
        for other in net.readers[node.bottoms[0]]:
            if other.key != node.key and other.key in net.backward and _needs_bottom(net, other):
                yield Finding(
                    f"layer `{node.name}` overwrites `{node.bottoms[0].blob}`, which Caffe's "
                    f"gradient of `{other.name}` is computed from",
                    net.place(node, "top"),
                    "here the gradient is right; for Caffe, give the top a name of its own",
                    more=(Label(net.place(other, "bottom"), "read here"),),
                )


def _needs_bottom(net: View, node: Node) -> bool:
    if node.type == "Eltwise":
        # cast: the type says so
        return cast("Eltwise", node.layer).eltwise_param.operation.name == "PROD"
    blobs = net.blobs(node)
    return node.type in NEEDS_BOTTOM and (not blobs or any(blob.lr_mult for blob in blobs))
