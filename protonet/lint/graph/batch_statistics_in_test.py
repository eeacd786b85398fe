"""PN738."""

from collections.abc import Iterator

from protonet.lint._batch_norm import uses_global
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed
from protonet.message.common import Phase


@GRAPH.rule("PN738")
def batch_statistics_in_test(net: View) -> Iterator[Finding]:
    """BatchNorm normalizes test images by the batch that they happen to be in."""
    if net.graph.phase is Phase.TRAIN:
        return
    found = [node for node in net.of_type("BatchNorm") if uses_global(node) is False]
    if found:
        names = listed(dict.fromkeys(node.name for node in found))
        verb = "normalizes" if len(found) == 1 else "normalize"
        yield Finding(
            f"{names} {verb} by the batch in TEST, too: `use_global_stats` is false",
            net.place(found[0], "batch_norm_param", "use_global_stats"),
            "leave it out: it is false in TRAIN and true in TEST then",
        )
