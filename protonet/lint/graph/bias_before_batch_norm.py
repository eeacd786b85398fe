"""PN736."""

from collections.abc import Iterator

from protonet.lint._batch_norm import by_batch
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed


@GRAPH.rule("PN736")
def bias_before_batch_norm(net: View) -> Iterator[Finding]:
    """BatchNorm subtracts a bias again."""
    if not net.is_trained:
        return
    makers = [net.maker(node) for node in by_batch(net)]
    linear = [node for node in makers if node.type in {"Convolution", "InnerProduct"}]
    idle = [
        node
        for node in linear
        if len(net.blobs(node)) > 1 and net.blobs(node)[1].lr_mult and len(net.after(node)) == 1
    ]
    if len(idle) > len(linear) / 2:  # a single one, as in the published ResNet-50, is not worth it
        names = listed(dict.fromkeys(node.name for node in idle))
        yield Finding(
            f"the bias of {names} has no effect: BatchNorm subtracts it again",
            net.place(idle[0], "type"),
            "`bias_term: false` saves memory and time; weights that are stored with it need it",
        )
