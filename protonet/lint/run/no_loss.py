"""PN772."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import RUN, Run


@RUN.rule("PN772")
def no_loss(run: Run) -> Iterator[Finding]:
    """A net is trained that has no loss."""
    graph = run.train.graph
    if not any(graph.losses()) and graph.nodes:
        yield Finding(
            "the net has no loss in TRAIN: nothing is learned",
            run.train.place(graph.nodes[-1], "type"),
            "add a loss, such as `SoftmaxWithLoss`, or give a top a `loss_weight`",
        )
