"""PN746."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.data.heads import largest_label
from protonet.diagnostics import Severity
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View

if TYPE_CHECKING:
    from protonet.layers.softmax_with_loss import SoftmaxWithLoss


@GRAPH.rule("PN746")
def label_without_class(net: View) -> Iterator[Finding]:
    """The data have labels for which there is no score."""
    for node in net.of_type("SoftmaxWithLoss"):
        source = net.maker(node, 1)
        param = cast("SoftmaxWithLoss", node.layer)  # the type says so
        if not source.layer.is_source or param.loss_param.has("ignore_label"):
            continue
        classes = net.shape(node.bottoms[0])[param.softmax_param.axis]
        label = largest_label(source.layer, net.graph.file.folder)
        if label is not None and label >= classes:
            yield Finding(
                f"layer `{node.name}` has {classes} classes, but `{source.name}` has labels up to "
                f"{label}",
                net.place(node, "bottom"),
                f"labels count from 0: give the layer before it `num_output: {label + 1}`",
                severity=Severity.ERROR,
            )
