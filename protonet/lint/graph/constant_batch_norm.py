"""PN739."""

from collections.abc import Iterator

from protonet.lint._batch_norm import by_batch
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View
from protonet.shape import count


@GRAPH.rule("PN739")
def constant_batch_norm(net: View) -> Iterator[Finding]:
    """BatchNorm has one value a channel, whose difference to their mean is 0."""
    for node in by_batch(net):
        bottom = net.shape(node.bottoms[0])
        if count(bottom) == bottom[1]:
            yield Finding(
                f"layer `{node.name}` gives only 0: a batch of shape {bottom} has one value for "
                "each channel",
                net.place(node, "type"),
                "use a larger batch, or `use_global_stats: true`",
            )
