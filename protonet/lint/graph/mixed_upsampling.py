"""PN742."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.deconvolution import Deconvolution


@GRAPH.rule("PN742")
def mixed_upsampling(net: View) -> Iterator[Finding]:
    """A bilinear filler adds up all channels."""
    for node in net.of_type("Deconvolution"):
        param = cast("Deconvolution", node.layer).convolution_param  # the type says so
        channels = net.shape(node.bottoms[0])[1]
        if param.weight_filler.type == "bilinear" and param.group < channels:
            yield Finding(
                f"layer `{node.name}`: each of its tops is the sum of {channels // param.group} "
                "upsampled channels",
                net.place(node, "convolution_param", "weight_filler"),
                f"to upsample each channel by itself, write `group: {channels}`",
            )
