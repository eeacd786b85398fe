"""PN737."""

from collections.abc import Iterator

from protonet.lint._batch_norm import by_batch
from protonet.lint.rule import Finding
from protonet.lint.scopes import GRAPH, View, listed

_NONLINEAR = frozenset(("ELU", "PReLU", "ReLU", "Sigmoid", "TanH"))


@GRAPH.rule("PN737")
def batch_norm_without_scale(net: View) -> Iterator[Finding]:
    """A BatchNorm has nothing after it that scales and shifts."""
    if not net.is_trained:
        return
    bare = [
        node
        for node in by_batch(net)
        if (after := net.after(node)) and all(other.type in _NONLINEAR for other in after)
    ]
    if bare:
        names = listed(dict.fromkeys(node.name for node in bare))
        verb = "has" if len(bare) == 1 else "have"
        yield Finding(
            f"{names} {verb} no `Scale` after it: Caffe's BatchNorm learns no scale and shift",
            net.place(bare[0], "type"),
            'add `layer { type: "Scale" scale_param { bias_term: true } }` after it',
        )
