"""PN727."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

_LOSSES = ("InfogainLoss", "SigmoidCrossEntropyLoss", "SoftmaxWithLoss")


@GRAPH.rule("PN727")
def clipped_scores(net: View) -> Iterator[Finding]:
    """Scores lose a part of what they could say right before the loss."""
    for node in net.of_type(*_LOSSES) if net.is_trained else ():
        before = net.maker(node)
        if before.type in {"ReLU", "Dropout"} and before.bottoms:
            scores = net.maker(before)
            does = "cuts off the negative" if before.type == "ReLU" else "drops some"
            if scores.type in {"InnerProduct", "Convolution"}:
                yield Finding(
                    f"layer `{before.name}` {does} scores of `{scores.name}` before the loss "
                    f"`{node.name}`",
                    net.place(before, "type"),
                    f"let `{node.name}` read the scores as they are",
                )
