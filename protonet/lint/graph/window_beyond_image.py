"""PN741."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.pooling import Pooling


@GRAPH.rule("PN741")
def window_beyond_image(net: View) -> Iterator[Finding]:
    """A pooling window is larger than the image with its padding."""
    for node in net.of_type("Pooling"):
        bottom = net.shape(node.bottoms[0])
        window = cast("Pooling", node.layer).pooling_param.window(bottom)  # the type says so
        axes = zip(window.kernel, window.pad, bottom[2:], strict=True)
        # A deploy net often says 1 where the program that uses it sets the size.
        if any(1 < size < k - 2 * pad for k, pad, size in axes):
            yield Finding(
                f"layer `{node.name}`: a window of {window.kernel} does not fit into an image of "
                f"{bottom[2:]}",
                net.place(node, "pooling_param"),
                "what lies beyond is left out; `global_pooling: true` takes the whole image",
            )
