"""PN740."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.graph.ir import Node
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View
from protonet.shape import Shape

if TYPE_CHECKING:
    from protonet.layers.convolution import Convolution
    from protonet.layers.pooling import Pooling


@GRAPH.rule("PN740")
def skipped_pixels(net: View) -> Iterator[Finding]:
    """A window moves by more than its size."""
    for node in net.of_type("Convolution", "Pooling"):
        kernel, stride = _window(node, net.shape(node.bottoms[0]))
        # A kernel of 1 with a stride picks pixels, which is what shortcuts of residual nets do.
        if any(1 < k < s for k, s in zip(kernel, stride, strict=True)):
            param = "convolution_param" if node.type == "Convolution" else "pooling_param"
            yield Finding(
                f"layer `{node.name}` skips pixels: a kernel of {kernel} moves by {stride}",
                net.place(node, param, "stride"),
            )


def _window(node: Node, bottom: Shape) -> tuple[Shape, Shape]:
    # casts: the type says so
    if node.type == "Pooling":
        pool = cast("Pooling", node.layer).pooling_param.window(bottom)
        return pool.kernel, pool.stride
    window = cast("Convolution", node.layer).convolution_param.window(bottom)
    reach = zip(window.kernel, window.dilation, strict=True)
    return tuple(d * (k - 1) + 1 for k, d in reach), window.stride
