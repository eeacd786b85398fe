"""What rules ask about BatchNorm."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from protonet.graph.ir import Node
from protonet.lint.scopes import View
from protonet.message.common import Phase

if TYPE_CHECKING:
    from protonet.layers.batch_norm import BatchNorm


def uses_global(node: Node) -> bool | None:
    """Return ``use_global_stats`` of a BatchNorm, None if it is not set."""
    return cast("BatchNorm", node.layer).batch_norm_param.use_global_stats  # the type says so


def by_batch(net: View) -> Iterator[Node]:
    """Yield the BatchNorm layers that normalize by the batch."""
    for node in net.of_type("BatchNorm"):
        said = uses_global(node)
        if not (net.phase_of(node) is Phase.TEST if said is None else said):
            yield node
