"""PN774."""

from collections.abc import Iterator

from protonet.diagnostics import did_you_mean
from protonet.graph.ir import Node
from protonet.lint._stored import matches
from protonet.lint.rule import Finding
from protonet.lint.scopes import RUN, Run


@RUN.rule("PN774")
def zero_without_weights(run: Run) -> Iterator[Finding]:
    """A layer gets neither weights nor a filler."""
    found = list(matches(run))
    loaded = {layer for _, _, match in found for layer, _ in match.loaded}
    unused = [layer.layer for _, _, match in found for layer in match.unused]
    keys = {node.key for node in run.train.graph.nodes if run.train.blobs(node)}
    for node in run.train.graph.nodes if loaded else ():
        if node.name in loaded or not _begins_with_0(run, node):
            continue
        if run.train.leads_to(node, lambda other: other.key in keys):
            hint = did_you_mean(node.name, unused)
            yield Finding(
                f"layer `{node.name}` begins with weights of 0: no file has it, and it has no "
                "`weight_filler`",
                run.train.place(node, "name"),
                f"the file has layers that the net has not: {hint}" if hint else "",
            )


def _begins_with_0(run: Run, node: Node) -> bool:
    blobs = run.train.blobs(node)
    return (
        bool(blobs)
        and len(blobs[0].weight.shape) > 1
        and not blobs[0].weight.filler.model_fields_set
    )
